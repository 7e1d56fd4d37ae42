"""What must hold before this process should get work: checks by name, each within a time limit.

Any part registers a check when its app is ready; `costinsights.operations` asks them for /readyz, /metrics
and the doctor. A check that hangs is left alone until it comes back, so probes never pile up behind it.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog
from django.db import connection

log = structlog.get_logger(__name__)

DEADLINE_SECONDS = 2.0
FRESH_SECONDS = 1.0


class State(StrEnum):
    """How one check went, from good to bad."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of a check: its state, and words for the operator without secrets or tenants' names."""

    state: State
    words: str = ""


Check = Callable[[], Finding]


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks said."""

    findings: dict[str, Finding]

    @property
    def state(self) -> State:
        """FAILED: no request can be served. DEGRADED: pages work, something behind them does not."""
        states = {finding.state for finding in self.findings.values()}
        return next((s for s in (State.FAILED, State.DEGRADED) if s in states), State.OK)


class _Runner:
    """One check in a thread of its own, at most one run at a time, its answer kept for a moment."""

    def __init__(self, name: str, check: Check, *, essential: bool) -> None:
        self.name, self.check, self.essential = name, check, essential
        self._lock = threading.Lock()
        self._answered = threading.Event()
        self._started_at = 0.0
        self._finding: Finding | None = None
        self._finished_at = 0.0
        self._running = False

    def start(self) -> None:
        with self._lock:
            fresh = self._finding and time.monotonic() - self._finished_at < FRESH_SECONDS
            if self._running or fresh:
                return
            self._running = True
            self._started_at = time.monotonic()
            self._answered.clear()
        threading.Thread(target=self._run, name=f"readiness-{self.name}", daemon=True).start()

    def _run(self) -> None:
        try:
            finding = self.check()
        except Exception as error:  # noqa: BLE001  # whatever a check raises, it did not find things well
            log.warning("readiness_check_failed", check=self.name, error=type(error).__name__)
            finding = self.worst(f"raised {type(error).__name__}")
        finally:
            connection.close()
        with self._lock:
            self._finding, self._finished_at = self._bounded(finding), time.monotonic()
            self._running = False
            self._answered.set()

    def finding(self, until: float) -> Finding:
        """The answer, or that there was none by `until` (time.monotonic)."""
        if not self._answered.wait(max(0.0, until - time.monotonic())):
            waited = time.monotonic() - self._started_at
            return self.worst(f"did not answer within {waited:.0f} s")
        with self._lock:
            return self._finding or self.worst("has not run")

    def worst(self, words: str) -> Finding:
        return Finding(State.FAILED if self.essential else State.DEGRADED, words)

    def _bounded(self, finding: Finding) -> Finding:
        """A check that is not essential takes no process out of service."""
        if finding.state == State.FAILED and not self.essential:
            return Finding(State.DEGRADED, finding.words)
        return finding


_checks: dict[str, _Runner] = {}


def register(name: str, check: Check, *, essential: bool = False) -> None:
    """Ask `check` for every report under `name`: lower-case words with hyphens.

    Essential: while it fails, this process should get no requests (503). Otherwise a failure degrades the
    report and stays visible, and requests go on. A check runs in its own thread on the public schema and
    has DEADLINE_SECONDS together with all others. Registering a name again replaces its check.
    """
    _checks[name] = _Runner(name, check, essential=essential)


def unregister(name: str) -> None:
    """Ask this check no more."""
    _checks.pop(name, None)


def report(deadline: float = DEADLINE_SECONDS) -> Report:
    """Every check's finding after at most `deadline` seconds; what did not answer counts as bad."""
    runners = list(_checks.values())
    until = time.monotonic() + deadline
    for runner in runners:
        runner.start()
    return Report({runner.name: runner.finding(until) for runner in runners})
