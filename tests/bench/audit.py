"""What the audit log costs: naming the actor per query and per request, writing an entry, checking a chain.

    .venv/bin/python -m tests.bench.audit [repetitions]

Prints microseconds (median) and ratios against the same work without it, in the same run. The connection
sends the search path and the role with every cursor in any case; the actor rides on that statement, and only
when it changed. Uses the servers and the database of the tests.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import tests.environment  # noqa: F401  # before Django: it names the servers


def median_us(work: Callable[[], object], repetitions: int) -> float:
    """The median wall time of `work` in microseconds."""
    taken = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1_000_000)
    return statistics.median(taken)


def main(repetitions: int) -> None:
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    from costinsights.core.tenancy import find_tenant, tenant_context
    from tests import database

    setup_test_environment()
    database.create_database()
    try:
        with tenant_context(find_tenant("acme")):
            per_query(repetitions)
            per_request(repetitions // 5)
            per_write(repetitions)
            per_check()
    finally:
        database.drop_database()


@contextmanager
def nobody_named() -> Iterator[None]:
    """The backend as it was before: path and role, no actor."""
    from tenants.postgresql_backend.base import DatabaseWrapper

    def send(self: Any, cursor: Any) -> None:
        cursor.execute(self._identity_statement())

    with mock.patch.object(DatabaseWrapper, "_send_identity", send):
        yield


def say(what: str, us: float, before: float) -> None:
    sys.stdout.write(f"{what}: {us:,.1f} µs, {before:,.1f} µs without, ratio {us / before:.3f}\n")


def per_query(repetitions: int) -> None:
    from django.db import connection

    from costinsights.core.actor import Actor, ActorKind, acting_as

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    people = [
        Actor(ActorKind.MEMBER, identifier=str(n), label=f"member{n}@acme.test") for n in range(2)
    ]

    def ask_as_another() -> None:
        people.reverse()
        with acting_as(people[0]):
            ask()

    ask()
    rounds: dict[str, list[float]] = {"before": [], "same": [], "another": []}
    for _ in range(5):  # in turn, so that a busy machine is busy for all of them
        with nobody_named():
            rounds["before"].append(median_us(ask, repetitions))
        rounds["same"].append(median_us(ask, repetitions))
        rounds["another"].append(median_us(ask_as_another, repetitions))
    before = min(rounds["before"])
    say("A query, the actor as before", min(rounds["same"]), before)
    say("A query, another actor each time", min(rounds["another"]), before)


def per_request(repetitions: int) -> None:
    from django.test import Client

    from tests.factories.accounts import PASSWORD, UserFactory

    member: Any = UserFactory.create(role="owner")
    client = Client(HTTP_HOST="acme.localhost")
    client.post("/sign-in/", {"email": member.email, "password": PASSWORD})

    def ask() -> None:
        assert client.get("/settings/profile/").status_code == 200

    ask()
    before, now = [], []
    for _ in range(5):
        with nobody_named():
            before.append(median_us(ask, repetitions))
        now.append(median_us(ask, repetitions))
    say("GET /settings/profile/", min(now), min(before))


def per_write(repetitions: int) -> None:
    from django.db import connection

    from costinsights.accounts.models import User
    from costinsights.core.tenancy import tenant_connection
    from tests.database import admin_connection
    from tests.factories.accounts import UserFactory

    member: Any = UserFactory.create()
    turn = iter(range(10**9))

    def change() -> None:
        User.objects.filter(pk=member.pk).update(name=f"Name {next(turn)}")

    change()
    now = median_us(change, repetitions)
    with admin_connection(tenant_connection.settings_dict["NAME"]) as admin:
        admin.execute(f"ALTER TABLE {connection.schema_name}.accounts_user DISABLE TRIGGER audit")  # type: ignore[attr-defined]  # ours
        before = median_us(change, repetitions)
        admin.execute(f"ALTER TABLE {connection.schema_name}.accounts_user ENABLE TRIGGER audit")  # type: ignore[attr-defined]  # ours
    say("One changed row, committed", now, before)


def per_check() -> None:
    from django.db import connection, transaction

    from costinsights.accounts.models import User
    from costinsights.core.audit_chain import verify
    from costinsights.core.audit_sql import TENANT_LOG

    begun = time.perf_counter()
    with transaction.atomic():
        User.objects.bulk_create([User(email=f"b{n}@acme.test") for n in range(5_000)])
    written = time.perf_counter() - begun
    begun = time.perf_counter()
    verdict = verify(TENANT_LOG)
    taken = time.perf_counter() - begun
    assert verdict.holds
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('accounts_auditentry')")
        (size,) = cursor.fetchone()
    sys.stdout.write(
        f"5,000 rows in one transaction, sealed: {written:.1f} s, {written / 5_000 * 1e6:.0f} µs each. "
        f"Check of {verdict.sequence:,} entries: {taken:.2f} s, {verdict.sequence / taken:,.0f} a second. "
        f"An entry takes {size / verdict.sequence:,.0f} bytes with its indexes.\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
