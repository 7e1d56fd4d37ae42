"""One hourly round: so many tenants with a cluster each, real workers, an OpenCost that answers in 200 ms.

    .venv/bin/python -m tests.bench.round [tenants] [hanging]

Prints how long creating took, how long the round took from the tick to the last window, the lag of the 99th of 100, and
whether a window was lost or read twice. Of `hanging` tenants the OpenCost never answers; their windows are
not waited for. Two processes read what answers quickly, two what does not. Uses the servers of the tests, which do not
sync to disk.
"""

import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import tests.environment  # noqa: F401  # before Django: it names the servers

BUDGET_SECONDS = 600  # of a thousand tenants on two cores
ANSWERS_IN_SECONDS = 0.2


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(tenants: int, hanging: int) -> int:
    """1 when a window was lost or doubled, or the round took longer than its share of the budget."""
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    from tests import database
    from tests.faults.hostile.fleet import Fleet

    setup_test_environment()
    logging.disable(logging.CRITICAL)  # the figures are the output
    database.create_database()
    try:
        with Fleet(ANSWERS_IN_SECONDS).serving() as fleet:
            return _round(fleet, tenants, hanging)
    finally:
        database.drop_database()


def _round(fleet: Any, count: int, hanging: int) -> int:
    from django.utils import timezone

    from tenants.models import Plan
    from tenants.services import create_tenant
    from tests.faults.hostile.fleet import connect, last_closed_hour, working

    hour = last_closed_hour(timezone.now())
    names = [f"cluster-{number}" for number in range(count)]
    fleet.hanging = set(names[: hanging * 10 : 10]) if hanging else set()
    began = time.perf_counter()
    tenants = []
    for name in names:
        tenant = create_tenant(name=name, slug=f"round-{name}", plan=Plan.SAAS)
        connect(tenant, [name], fleet, hour)
        tenants.append(tenant)
    say(f"{count:,} tenants created in {time.perf_counter() - began:.0f} s")
    with tempfile.TemporaryDirectory() as directory, working(Path(directory)):
        return _measured(fleet, tenants, hour, set(names) - fleet.hanging)


def _measured(fleet: Any, tenants: list[Any], hour: Any, wanted: set[str]) -> int:
    from django.utils import timezone

    from tenants.tasks import for_every_tenant
    from tests.faults.hostile.fleet import windows

    began = timezone.now()
    for_every_tenant.delay(task="costs.keep_history")
    longest = 2 * BUDGET_SECONDS
    while (timezone.now() - began).total_seconds() < longest:
        time.sleep(1 + len(tenants) / 100)
        found = [window for window in windows(tenants, hour) if window.cluster in wanted]
        if sum(window.is_read for window in found) == len(wanted):
            break
    lags = sorted((window.at - began).total_seconds() for window in found if window.at)
    lost = len(wanted) - sum(window.is_read and window.rows == 40 for window in found)
    doubled = sum(window.attempt > 1 for window in found) + len(found) - len(wanted)
    twice = sum(asked > 1 for name, asked in fleet.asked.items() if name in wanted)
    seconds = lags[-1] if lags else float(longest)
    share = BUDGET_SECONDS * len(tenants) / 1000
    say(
        f"one round of {len(tenants):,} tenants: {seconds:.0f} s (budget {share:.0f} s; 1,000 in the same pace "
        f"{seconds * 1000 / len(tenants):.0f} s), median lag {lags[len(lags) // 2]:.0f} s, 99th of 100 "
        f"{lags[len(lags) * 99 // 100]:.0f} s\n"
        f"windows lost: {lost}, doubled: {doubled}, asked for twice: {twice}; at most {fleet.most_at_once} requests at once"
    )
    return 1 if lost or doubled or twice or seconds > share else 0


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    sys.exit(main(*(given + [1_000, 0][len(given) :])))
