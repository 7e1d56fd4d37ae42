"""What a connection test finds: its steps, and the result they make together."""

from dataclasses import dataclass
from enum import StrEnum

from costinsights.core.periods import ChargePeriod


class StepName(StrEnum):
    """The steps, in the order they are taken."""

    DNS = "dns"
    CONNECTION = "connection"
    TLS = "tls"
    CREDENTIALS = "credentials"
    OPENCOST = "opencost"
    DATA = "data"
    CLUSTER = "cluster"


class StepState(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One step's outcome. `text` says what was found and, unless ok, the way out."""

    name: StepName
    state: StepState
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What the test found. `currency_guess` follows from the cloud provider and is to be confirmed.

    `sample_total` is what the last closed hour cost, in micro-units of an unnamed currency; None
    without data. `without_idle`: this OpenCost must not be asked for idle cost. `suggested_url` is set when
    OpenCost answers one path further down.
    """

    steps: tuple[Step, ...]
    version: str = ""
    cluster_ids: tuple[str, ...] = ()
    cluster_name: str = ""
    provider: str = ""
    currency_guess: str = ""
    sample_total: int | None = None
    sample_rows: int = 0
    sample_period: ChargePeriod | None = None
    suggested_url: str = ""
    without_idle: bool = False

    @property
    def ok(self) -> bool:
        """Whether the connection can be saved; warnings do not stand in the way."""
        return all(step.state is not StepState.FAILED for step in self.steps)

    @property
    def failure(self) -> Step | None:
        """The step that failed, if one did."""
        return next((step for step in self.steps if step.state is StepState.FAILED), None)
