"""Counts that a run is asked for — probes, leaks, fuzz cases — printed once at its end, xdist or not."""

from collections import Counter
from typing import Any

import pytest

_counts: Counter[str] = Counter()


def count(name: str, amount: int = 1) -> None:
    """Add to a figure; figures of all test processes are added up."""
    _counts[name] += amount


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:  # a worker of xdist hands its counts to the process that prints
        output["figures"] = dict(_counts)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _counts.update(getattr(node, "workeroutput", {}).get("figures", {}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for name, amount in sorted(_counts.items()):
        terminalreporter.write_line(f"{name}: {amount}")
