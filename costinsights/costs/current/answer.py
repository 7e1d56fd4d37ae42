"""The answer to a question about current costs: whose data, how old, and the lines over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from costinsights.core.periods import ChargePeriod
from costinsights.costs.current.grouping import Grouped, Kpis, Reconciliation
from costinsights.costs.current.query import CurrentCostQuery
from costinsights.costs.current.rows import CostRow
from costinsights.costs.rates import Rate


class SourceState(StrEnum):
    """How a cluster takes part in an answer."""

    FRESH = "fresh"
    STALE = "stale"  # the last good answer, past its time
    FAILED = "failed"  # something is missing and could not be asked for
    EXCLUDED = "excluded"  # its costs are in another currency, and no rate is entered
    WAITING = "waiting"  # its first answer is on its way


@dataclass(frozen=True, slots=True)
class Source:
    """One cluster's part in an answer. `reason` is for a person, `code` for a program."""

    cluster: str
    name: str
    currency: str
    state: SourceState
    code: str = ""
    reason: str = ""
    as_of: datetime | None = None
    age_seconds: int | None = None
    rows: int = 0
    missing_days: int = 0
    is_sample: bool = False


@dataclass(frozen=True, slots=True)
class RefreshOrder:
    """Days of one cluster whose stored answer is past its time. Whoever stands at the edge enqueues it."""

    cluster_id: int
    fingerprint: str
    periods: tuple[ChargePeriod, ...]


@dataclass(frozen=True, slots=True)
class CurrentCosts:
    """What it costs. Money in micro-units of `currency`; Σ rows = totals, always."""

    query: CurrentCostQuery
    window: ChargePeriod
    as_of: datetime | None
    currency: str
    sources: list[Source]
    grouped: Grouped
    refreshes: Sequence[RefreshOrder] = ()
    conversions: Sequence[Rate] = ()  # what amounts of other currencies were converted with

    @property
    def rows(self) -> list[CostRow]:
        return self.grouped.rows

    @property
    def totals(self) -> CostRow:
        return self.grouped.totals

    @property
    def kpis(self) -> Kpis:
        return self.grouped.kpis

    @property
    def hidden_idle(self) -> int | None:
        return self.grouped.hidden_idle

    @property
    def reconciliation(self) -> Reconciliation:
        return self.grouped.reconciliation

    @property
    def is_pending(self) -> bool:
        """Whether a cluster has never answered for this window and is still to be asked."""
        return any(source.state == SourceState.WAITING for source in self.sources)

    @property
    def is_sample(self) -> bool:
        """Whether any number here is made up: the sample cluster takes part."""
        return any(source.is_sample for source in self.sources)

    @property
    def is_refreshing(self) -> bool:
        """Whether newer numbers are being fetched in the background."""
        return bool(self.refreshes)

    @property
    def has_data(self) -> bool:
        """Whether any cluster contributed rows, before the filter."""
        return any(source.rows for source in self.sources)

    @property
    def is_partial(self) -> bool:
        """Whether days of some cluster are missing: the total is too low by an unknown amount."""
        return any(source.state == SourceState.FAILED for source in self.sources)
