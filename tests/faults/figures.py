"""How much the fault tests do: enough for every run, or, under `make proof`, as much as one evening gives."""

import os
from dataclasses import dataclass, fields, replace

from tests.faults.stage import Work


@dataclass(frozen=True)
class Figures:
    """Counts of faults and the work they fall into."""

    postgres_kills: int
    postgres_work: Work
    worker_kills: int
    worker_work: Work
    valkey_kills: int
    valkey_flushes: int
    valkey_work: Work
    planners_work: Work
    raced_windows: int
    clock_years: int
    restatements: int
    database_faults: int


_EVERY_RUN = Figures(
    postgres_kills=20,
    postgres_work=Work(clusters=3, workloads=40, days=30),
    worker_kills=40,
    worker_work=Work(clusters=3, workloads=40, days=20),
    valkey_kills=20,
    valkey_flushes=5,
    valkey_work=Work(clusters=3, workloads=10, days=20),
    planners_work=Work(clusters=2, workloads=10, days=10),
    raced_windows=200,
    clock_years=1,
    restatements=200,
    database_faults=12,
)
_PROOF = Figures(
    postgres_kills=1_000,
    postgres_work=Work(clusters=8, workloads=120, days=1_000),
    worker_kills=2_000,
    worker_work=Work(clusters=8, workloads=40, days=600),
    valkey_kills=500,
    valkey_flushes=100,
    valkey_work=Work(clusters=6, workloads=20, days=600),
    planners_work=Work(clusters=4, workloads=20, days=400),
    raced_windows=10_000,
    clock_years=10,
    restatements=20_000,
    database_faults=200,
)


def figures() -> Figures:
    """Those of every run; `PROOF=1` the large ones, `PROOF=0.2` a fifth of them."""
    share = float(os.environ.get("PROOF") or 0)
    if not share:
        return _EVERY_RUN
    large = {}
    for each in fields(Figures):
        whole, least = getattr(_PROOF, each.name), getattr(_EVERY_RUN, each.name)
        if isinstance(whole, Work):
            large[each.name] = replace(whole, days=max(least.days, round(whole.days * share)))
        else:
            large[each.name] = max(least, round(whole * share))
    return Figures(**large)
