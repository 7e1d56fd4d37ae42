"""Clocks that are wrong, clocks that jump, zones that change theirs: every hour and day of UTC exactly once."""

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from costinsights.local.state import PROJECT
from tests.faults.books import Verdict
from tests.faults.conftest import survived
from tests.faults.figures import Figures
from tests.figures import count

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]
LIBRARY = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu" / "faketime" / "libfaketime.so.1"
ZONES = ("America/New_York", "Asia/Kathmandu", "Pacific/Apia")
MINUTE, HOUR, DAY = 60, 3_600, 86_400
# Where one planner's clock is off, and then where several planners' clocks disagree.
SKEWS = [[0], [5 * MINUTE], [-5 * MINUTE], [HOUR], [-HOUR], [DAY], [-DAY]]
DISAGREEING = [[0, HOUR, 0], [DAY, 0, -DAY, 0], [HOUR, -HOUR, 5 * MINUTE, -5 * MINUTE, 0]]
# Days on which some clock is moved, a leap day, the ends of a month and of a year, the day Apia left out.
DATES = (
    ("America/New_York", "2026-03-08T06:59:59+00:00"),
    ("America/New_York", "2026-11-01T05:59:59+00:00"),
    ("Asia/Kathmandu", "2028-02-29T23:59:59+00:00"),
    ("Asia/Kathmandu", "2027-01-01T00:14:59+00:00"),
    ("Pacific/Apia", "2011-12-30T10:00:00+00:00"),
    ("Pacific/Apia", "2026-04-30T23:59:59+00:00"),
)
Plan = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[Plan]:
    """Asks a process with a clock of its own to plan."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "costinsights.settings"}
    if LIBRARY.exists():
        clock = tmp_path / "clock"
        clock.write_text("+0")
        environment |= {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
    process = subprocess.Popen(  # our own program
        [sys.executable, "-m", "tests.faults.clocks", "acme"],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def ask(case: dict[str, Any]) -> dict[str, Any]:
        print(json.dumps(case), file=process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(process.stdout.readline())  # type: ignore[union-attr]  # piped, see above
        return answer

    with process:
        yield ask
        process.stdin.close()


def wrong(answer: dict[str, Any]) -> list[str]:
    """Windows that are not whole hours or days of UTC one after the other, up to the last that was closed."""
    found = []
    latest = max(answer["instants"])
    for grain, length, closes in (("hour", HOUR, 15 * MINUTE), ("day", DAY, 30 * MINUTE)):
        starts = answer[grain]
        found += [f"{grain} {start}" for start in starts if start % length]
        found += [f"{grain} after {a}" for a, b in pairwise(starts) if b - a != length]
        last = (latest - closes) // length * length - length
        if starts[-1] != last:
            found.append(f"the last {grain} is {starts[-1]}, not {last}")
    return found


def test_clocks_that_are_wrong_leave_no_gap_and_no_overlap(plan: Plan) -> None:
    now = dt.datetime.now(dt.UTC).timestamp()
    cases = [
        {"zone": zone, "offsets": offsets} for zone in ZONES for offsets in SKEWS + DISAGREEING
    ]
    cases += [
        {"zone": zone, "offsets": [start - now, start - now + 2 * HOUR, start - now + 3 * DAY]}
        for zone, text in DATES
        if (start := dt.datetime.fromisoformat(text).timestamp())
    ]
    verdict = Verdict()
    for case in cases:
        answer = plan(case)
        shift = answer["instants"][0] - now - case["offsets"][0]
        assert abs(shift) < 10 * MINUTE, f"the clock did not move: {shift}"
        verdict.windows += len(answer["hour"]) + len(answer["day"])
        verdict.wrong += [f"{case}: {each}" for each in wrong(answer)]
    count("clock cases under libfaketime", len(cases) * LIBRARY.exists())
    survived("clocks that were wrong", len(cases), verdict)


def test_years_of_hours_in_zones_that_move_their_clocks(plan: Plan, scale: Figures) -> None:
    verdict = Verdict()
    zones = ZONES if scale.clock_years > 1 else ZONES[:1]
    for zone in zones:
        answer = plan(
            {"zone": zone, "years": scale.clock_years, "from": "2023-06-15T08:20:00+00:00"}
        )
        start, end = answer["instants"]
        assert len(answer["hour"]) >= (end - start) // HOUR
        verdict.windows += len(answer["hour"]) + len(answer["day"])
        verdict.wrong += [f"{zone}: {each}" for each in wrong(answer)]
    survived("years of hourly windows planned", scale.clock_years * len(zones), verdict)
