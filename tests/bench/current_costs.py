"""How much we add to an OpenCost: GET /api/v1/costs/current, uncached and cached, against the bare request.

    .venv/bin/python -m tests.bench.current_costs [repetitions]

Prints milliseconds (median) and what is budgeted: uncached over OpenCost's own time, and the CPU of a cached
answer. The demo answers from memory in a few milliseconds where a real OpenCost runs 84 Prometheus queries, so
what counts is the amount added, and the OpenCost time from which that is less than a tenth. Uses the servers
and the database of the tests.
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import tests.environment  # noqa: F401  # before Django: it names the servers


def median_ms(work: Callable[[], object], repetitions: int, *, cpu: bool = False) -> float:
    """The median wall (or process CPU) time of `work` in milliseconds."""
    clock = time.process_time if cpu else time.perf_counter
    taken = []
    for _ in range(repetitions):
        begun = clock()
        work()
        taken.append((clock() - begun) * 1_000)
    return statistics.median(taken)


def main(repetitions: int) -> None:
    import django

    django.setup()
    from django.core.cache import caches
    from django.test import Client
    from django.test.utils import setup_test_environment
    from django.utils import timezone

    from costinsights.accounts.models import Role
    from costinsights.core.periods import ChargePeriod
    from costinsights.core.tenancy import find_tenant, tenant_context
    from costinsights.costs.access import fetch_order, outbound_policy
    from costinsights.costs.current.fetch import fetch_all
    from costinsights.costs.current.pieces import Piece
    from costinsights.local.demo_opencost import DemoServer
    from tests import database
    from tests.factories.accounts import UserFactory, token_of
    from tests.factories.costs import ClusterFactory

    setup_test_environment()
    database.create_database()
    try:
        with DemoServer(["prod-eu-1"]) as demo, tenant_context(find_tenant("acme")):
            cluster = ClusterFactory.create(slug="prod", opencost_url=demo.url("prod-eu-1"))
            user = UserFactory.create(role=Role.OWNER)
            client = Client(
                HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {token_of(user)}"
            )
            store = caches["shared"]._cache.get_client()  # type: ignore[attr-defined]  # redis
            yesterday = ChargePeriod.day_of(timezone.now() - timedelta(days=1))
            order = fetch_order(
                cluster, [Piece(cluster.fingerprint, yesterday)], now=timezone.now()
            )
            url = "/api/v1/costs/current?window=yesterday&aggregate="

            def bare() -> None:
                import urllib.request

                query = f"window={yesterday}&aggregate=cluster,node,namespace,pod,container"
                address = f"{demo.url('prod-eu-1')}/allocation/compute?{query}&includeIdle=true"
                with urllib.request.urlopen(address) as reply:  # noqa: S310  # our own demo
                    reply.read()

            def fetched() -> None:
                fetch_all([order], outbound_policy())

            def uncached(grouping: str) -> None:
                store.flushdb()
                assert client.get(url + grouping).status_code == 200

            def cached(grouping: str) -> None:
                assert client.get(url + grouping).status_code == 200

            def regrouped() -> None:
                for key in store.scan_iter("*:answer:*"):
                    store.delete(key)
                assert client.get(url + "namespace").status_code == 200

            bare()
            own = median_ms(bare, repetitions)
            decoded = median_ms(fetched, repetitions)
            print_line("OpenCost alone", own)
            print_line("  + our session and decoding", decoded)
            for grouping in ("namespace", "pod"):
                first = median_ms(lambda g=grouping: uncached(g), repetitions)  # type: ignore[misc]  # a bound default
                print_line(f"uncached, by {grouping}", first)
                print_line("  ratio to OpenCost alone", first / own, unit="x")
                print_line("  added by us", first - own)
                print_line("  within 10 % of an OpenCost from", (first - own) * 10)
                cached(grouping)
                cpu = median_ms(lambda g=grouping: cached(g), repetitions, cpu=True)  # type: ignore[misc]  # same
                print_line(f"cached, by {grouping}, CPU", cpu)
            print_line("rows kept, new question, CPU", median_ms(regrouped, repetitions, cpu=True))
    finally:
        database.drop_database()


def print_line(what: str, value: float, unit: str = "ms") -> None:
    sys.stdout.write(f"{what:<36}{value:>10.2f} {unit}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
