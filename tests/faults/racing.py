"""Sixteen processes that want the same window at the same moment.

    python -m tests.faults.racing acme 200

For each of that many pending days of the workspace's only cluster: makes it due, lets everybody claim it with leases
that end at once, so that many hold it, and has everybody write it. Prints how often each outcome came.
"""

import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

RACERS = 16


def _main() -> None:
    import django

    django.setup()
    slug, windows = sys.argv[1], int(sys.argv[2])
    fork = multiprocessing.get_context("fork")  # Django is loaded once
    start, results = fork.Barrier(RACERS), fork.Queue()
    racers = [
        fork.Process(target=_race, args=(number, slug, windows, start, results))
        for number in range(RACERS)
    ]
    for racer in racers:
        racer.start()
    outcomes: Counter[str] = Counter()
    for _ in racers:
        outcomes.update(results.get())
    for racer in racers:
        racer.join()
    sys.stdout.write(json.dumps(outcomes))


def _race(number: int, slug: str, windows: int, start: Any, results: Any) -> None:
    import datetime as dt

    from django.utils import timezone

    from costinsights.core.tenancy import find_tenant, tenant_context
    from costinsights.costs.history import ledger
    from costinsights.costs.history.models import Snapshot

    vars(ledger)["LEASE"] = dt.timedelta(0)
    outcomes: Counter[str] = Counter()
    with tenant_context(find_tenant(slug)):
        due = list(Snapshot.objects.order_by("window_start").values_list("pk", flat=True)[:windows])
        for place, window in enumerate(due):
            if number == 0:
                Snapshot.objects.filter(pk=window).update(due_at=timezone.now())
            start.wait()
            # Every other window is written when all hold it, the others by each as soon as it can.
            all_hold_it = start.wait if place % 2 else None
            outcomes[_claim_and_write(all_hold_it)] += 1
            start.wait()
    results.put(dict(outcomes))


def _claim_and_write(all_hold_it: Callable[[], object] | None) -> str:
    from django.utils import timezone

    from costinsights.core.periods import ChargePeriod
    from costinsights.costs.history import ledger
    from costinsights.costs.history.facts import window_facts
    from costinsights.costs.history.writer import write_window
    from costinsights.opencost.schema import decode_allocations
    from tests.costs.history.books import KEYS, reading
    from tests.faults.source import Source

    held = ledger.claim(now=timezone.now())
    if all_hold_it is not None:
        all_hold_it()
    if held is None:
        return "came too late"
    period = ChargePeriod(held.snapshot.window_start, held.snapshot.window_end)
    body = (
        Source(1, workloads=10).answer("/allocation", {"window": str(period)}, now=period.end).body
    )
    facts = window_facts(decode_allocations(body, period=period).rows, KEYS)
    return write_window(held.snapshot, facts, reading(), attempt=held.attempt).value


if __name__ == "__main__":
    _main()
