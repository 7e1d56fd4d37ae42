"""One stage for all tests that kill something, and the table of what was survived."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.books import Verdict
from tests.faults.figures import Figures, figures
from tests.faults.stage import Stage, staged
from tests.figures import count

_table: list[tuple[str, int, str]] = []


@pytest.fixture(scope="session")
def scale() -> Figures:
    """How much this run does."""
    return figures()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, scale: Figures) -> Iterator[Stage]:
    """Servers and workspaces for one file of tests; no program runs yet."""
    work = {
        "postgres": scale.postgres_work,
        "workers": scale.worker_work,
        "valkey": scale.valkey_work,
        "planners": scale.planners_work,
    }
    with staged(tmp_path_factory.mktemp("stage"), work) as made:
        yield made


def survived(what: str, faults: int, verdict: Verdict, *, also: str = "") -> None:
    """Note what a test has shown; fails it when one row or window is not as the source says."""
    count(f"faults survived: {what}", faults)
    count(f"rows compared after {what}", verdict.rows)
    _table.append(
        (
            what,
            faults,
            f"{verdict.windows:>8,} {verdict.rows:>10,} {verdict.revisions:>9,} "
            f"{verdict.lost:>5} {verdict.doubled:>8}  {also}",
        )
    )
    assert (verdict.lost, verdict.doubled, verdict.wrong) == (0, 0, []), verdict.wrong[:10]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table, where the tests ran in this very process (`make proof`)."""
    if not _table:
        return
    terminalreporter.write_line(
        f"{'survived':<34} {'faults':>7} {'windows':>8} {'rows':>10} {'revisions':>9} {'lost':>5} {'doubled':>8}"
    )
    for what, faults, rest in _table:
        terminalreporter.write_line(f"{what:<34} {faults:>7,} {rest}")
