"""What it costs to recognise an API token, and that 10,000 forged ones are all refused at that price.

    .venv/bin/python -m tests.bench.token_lookup [repetitions] [forged]

Prints the median and the 99th percentile of looking a token up, of a bare query by primary key, of refusing a
forged token, and of a whole `GET /api/v1/me`. Budget: p99 of the look-up ≤ 3 ms. Uses the servers and the
database of the tests.
"""

import logging
import statistics
import sys
import time
from collections.abc import Callable

import tests.environment  # noqa: F401  # before Django: it names the servers


def taken_ms(work: Callable[[], object], repetitions: int) -> list[float]:
    """The wall time of each repetition in milliseconds."""
    taken = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1_000)
    return taken


def show(name: str, taken: list[float]) -> float:
    """Print median and p99; returns the p99."""
    p99 = statistics.quantiles(taken, n=100)[98]
    sys.stdout.write(f"{name:38} median {statistics.median(taken):7.3f} ms   p99 {p99:7.3f} ms\n")
    return p99


def main(repetitions: int, forged: int) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client
    from django.test.utils import override_settings, setup_test_environment
    from django.utils import timezone

    from costinsights.accounts import tokens
    from costinsights.accounts.authentication import find_live_token
    from costinsights.accounts.models import ApiToken, Role
    from costinsights.core.tenancy import find_tenant, tenant_context
    from tests import database
    from tests.factories.accounts import UserFactory, token_of

    setup_test_environment()
    logging.disable(logging.CRITICAL)  # a line for each request would be measured too
    database.create_database()
    try:
        with tenant_context(find_tenant("acme")), override_settings(API_RATE="100000000/min"):
            texts = [token_of(UserFactory.create(role=Role.OWNER)) for _ in range(200)]
            token = ApiToken.objects.get(key_id=texts[0].split("_")[1])
            now = timezone.now()
            made = iter([tokens.generate().text for _ in range(forged)])
            client = Client(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {texts[0]}")

            def known() -> None:
                assert find_live_token(texts[0], at=now) is not None

            def unknown() -> None:
                assert find_live_token(next(made), at=now) is None

            def bare() -> None:
                ApiToken.objects.get(pk=token.pk)

            def whole() -> None:
                assert client.get("/api/v1/me").status_code == 200

            for work in (known, bare, whole):
                taken_ms(work, 50)  # connections, caches, compiled queries
            sys.stdout.write(f"{repetitions} repetitions, 200 tokens, {settings.API_RATE}\n")
            primary = show("one row by primary key", taken_ms(bare, repetitions))
            looked_up = show("a live token", taken_ms(known, repetitions))
            show(f"a forged token, {forged} of them refused", taken_ms(unknown, forged))
            show("GET /api/v1/me", taken_ms(whole, repetitions // 5))
            sys.stdout.write(f"look-up over a bare row, p99: {looked_up / primary:.2f}\n")
    finally:
        database.drop_database()


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [2000, 10_000][len(given) :]))
