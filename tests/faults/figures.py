"""How much the fault tests of stored history do: enough for every run, or what `make proof` asks for."""

from dataclasses import dataclass

from tests.faults.hostile.scale import scaled
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


def figures() -> Figures:
    """Those of this run."""
    return Figures(
        postgres_kills=scaled(20, 1_000),
        postgres_work=Work(
            clusters=scaled(3, 8), workloads=scaled(40, 120), days=scaled(30, 1_000)
        ),
        worker_kills=scaled(40, 2_000),
        worker_work=Work(clusters=scaled(3, 8), workloads=40, days=scaled(20, 600)),
        valkey_kills=scaled(20, 500),
        valkey_flushes=scaled(5, 100),
        valkey_work=Work(clusters=scaled(3, 6), workloads=scaled(10, 20), days=scaled(20, 600)),
        planners_work=Work(clusters=2, workloads=10, days=scaled(10, 400)),
        raced_windows=scaled(200, 10_000),
        clock_years=scaled(1, 10),
        restatements=scaled(200, 20_000),
        database_faults=scaled(12, 200),
    )
