"""Planning under clocks that are wrong, in a process whose clock can be moved from outside.

    LD_PRELOAD=…/libfaketime.so.1 FAKETIME_TIMESTAMP_FILE=… python -m tests.faults.clocks acme < cases

Each line of the input is a case: {"zone": process time zone, "offsets": [seconds, …]} or {"zone", "years", "from"}. Answers
with a line of JSON: the instants at which it planned, and the starts of all windows on the ledger by grain.
"""

import datetime as dt
import json
import os
import sys
import time
from typing import Any

_STEP = dt.timedelta(
    hours=31
)  # between two plannings of a simulated year: nothing lines up with it


def _main() -> None:
    import django

    django.setup()

    from django.db import connection

    from costinsights.core.tenancy import find_tenant, tenant_context

    with tenant_context(find_tenant(sys.argv[1])):
        for line in sys.stdin:
            case = json.loads(line)
            os.environ["TZ"] = case["zone"]
            time.tzset()
            from django.db import transaction

            with transaction.atomic():
                answer = _years(case) if "years" in case else _skewed(case)
                transaction.set_rollback(True)
            print(json.dumps(answer), flush=True)  # noqa: T201  # the protocol
    connection.close()


def _skewed(case: dict[str, Any]) -> dict[str, Any]:
    """Plan once at each offset from the true time, one after the other, as several workers would."""
    from django.utils import timezone

    from costinsights.costs.history import ledger

    cluster = _cluster()
    instants = []
    for offset in case["offsets"]:
        with _clock_moved(offset):
            now = timezone.now()
            ledger.plan(cluster, now=now, retention_days=1_100)
        instants.append(now.timestamp())
    return {"instants": instants, **_windows(cluster)}


def _years(case: dict[str, Any]) -> dict[str, Any]:
    """Plan every 31 hours for so many years."""
    from costinsights.costs.history import ledger

    cluster = _cluster()
    start = now = dt.datetime.fromisoformat(case["from"])
    end = start + dt.timedelta(days=round(365.25 * case["years"]))
    while now < end:
        ledger.plan(cluster, now=now.astimezone(), retention_days=40_000)  # the process' zone
        now = min(end, now + _STEP)
    ledger.plan(cluster, now=end.astimezone(), retention_days=40_000)
    return {"instants": [start.timestamp(), end.timestamp()], **_windows(cluster)}


def _clock_moved(offset: float) -> Any:
    """The clock of this process: moved by libfaketime's file, or else by time-machine."""
    from contextlib import nullcontext

    import time_machine

    if path := os.environ.get("FAKETIME_TIMESTAMP_FILE"):
        with open(path, "w") as file:
            file.write(f"{offset:+.0f}")
        return nullcontext()
    return time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=offset))


def _cluster() -> Any:
    from costinsights.costs.models import Cluster

    name = f"clock-{time.monotonic_ns()}"
    return Cluster.objects.create(
        name=name, slug=name, opencost_url="http://127.0.0.1:9/", currency="USD"
    )


def _windows(cluster: Any) -> dict[str, list[float]]:
    from costinsights.costs.history.models import Grain, Snapshot

    found = Snapshot.objects.filter(cluster=cluster).order_by("window_start")
    return {
        grain.value: [
            start.timestamp()
            for start in found.filter(grain=grain).values_list("window_start", flat=True)
        ]
        for grain in Grain
    }


if __name__ == "__main__":
    _main()
