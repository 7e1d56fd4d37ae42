"""The lines of a question about stored costs: whom to ask, what each key adds up to, how it reads."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from costinsights.core.errors import InvalidInput
from costinsights.core.tenancy import current_tenant
from costinsights.costs.current.rows import CostRow, Flag, Kind, Sums
from costinsights.costs.history.completeness import Coverage
from costinsights.costs.history.conditions import load_groups
from costinsights.costs.history.facts import MICRO, Bit
from costinsights.costs.history.models import IDLE_SHARE_COLUMNS, MEASURES
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.history.source import IDLE, UNMOUNTED, Key, RawKey, Source
from costinsights.costs.history.steps import Step
from costinsights.costs.models import Cluster
from costinsights.costs.parameters import IdleMode
from costinsights.costs.selectors import chosen_clusters
from costinsights.opencost.filters import UNALLOCATED
from costinsights.opencost.rows import RowKind

_WORDS = {UNALLOCATED: "Unallocated", UNMOUNTED: "Unmounted", IDLE: "Idle"}
_INDEX = {name: place for place, name in enumerate(MEASURES)}
_TOTAL = _INDEX["total_cost"]
_SHARED = [(_INDEX[column], place) for place, column in enumerate(IDLE_SHARE_COLUMNS)]


@dataclass(frozen=True, slots=True)
class Excluded:
    """A cluster that takes no part, and why."""

    cluster: str
    name: str
    currency: str
    reason: str


LineKey = tuple[Key, bool]  # the values, and whether it is idle cost


@dataclass(slots=True)
class Line:
    """One key while it is added up."""

    key: Key
    row_kind: str
    raws: list[RawKey]
    sums: Sums = field(default_factory=Sums)

    @property
    def is_idle(self) -> bool:
        return self.row_kind == RowKind.IDLE


@dataclass(slots=True)
class Answering:
    """A question with everything the store says to it: the lines that count, and what was left out."""

    query: HistoryQuery
    currency: str
    clusters: list[Cluster]
    excluded: list[Excluded]
    source: Source
    lines: dict[LineKey, Line] = field(default_factory=dict)
    hidden_idle: int | None = None
    whole: Source | None = None  # where everything together is asked apart from the lines

    @classmethod
    def of(cls, query: HistoryQuery, like: "Answering | None" = None) -> "Answering":
        """Ask, and add every line up. Raises InvalidInput."""
        made = cls.prepared(query, like)
        made.lines = lines_of(made.source, query)
        made.leave_idle_out()
        return made

    @classmethod
    def prepared(cls, query: HistoryQuery, like: "Answering | None" = None) -> "Answering":
        """Find out whom to ask. With `like`, the same clusters in the same currency. Raises InvalidInput."""
        if like is None:
            chosen = chosen_clusters(query.clusters)
            currency = _currency(query, chosen)
            clusters = [cluster for cluster in chosen if cluster.currency == currency]
            excluded = [_excluded(c, currency) for c in chosen if c.currency != currency]
        else:
            clusters, currency, excluded = like.clusters, like.currency, like.excluded
        source = Source.of(
            group_by=query.group_by,
            coverage=Coverage.load(clusters, query.period, by_hour=query.step is Step.HOUR),
            groups=load_groups(clusters),
            asked=query.filter,
            scope=query.scope,
        )
        return cls(query, currency, clusters, excluded, source)

    def leave_idle_out(self) -> None:
        """Drop the idle lines that the question does not want to see, and say how much was hidden."""
        if self.query.idle is IdleMode.HIDE:
            idle = sum(line.sums.total for line in self.lines.values() if line.is_idle)
            self.hidden_idle = None if self.query.scope.is_limited else idle
            self.lines = {key: line for key, line in self.lines.items() if not line.is_idle}
            self.source.without(RowKind.IDLE)
        elif self.query.idle is IdleMode.SHARE:
            self.lines = {
                key: line
                for key, line in self.lines.items()
                if not line.is_idle or line.sums.total or any(line.sums.amounts)
            }

    @property
    def coverage(self) -> Coverage:
        return self.source.coverage

    @property
    def names(self) -> dict[str, str]:
        return {cluster.slug: cluster.name for cluster in self.clusters}

    def stored(self, now: dt.datetime) -> float:
        """For how much of the whole period at least one cluster is stored, from 0 to 1."""
        (share,) = self.coverage.stored_shares([self.query.period], now=now)
        return share

    def completeness(self, now: dt.datetime) -> float:
        """How much of the whole period is stored, from 0 to 1."""
        ((_, share),) = self.coverage.completeness([self.query.period], self.clusters, now=now)
        return share


def _currency(query: HistoryQuery, clusters: Sequence[Cluster]) -> str:
    used = Counter(cluster.currency for cluster in clusters)
    if query.currency:
        if clusters and query.currency not in used:
            raise InvalidInput(
                f"No chosen cluster's costs are in {query.currency}; there is {', '.join(sorted(used))}.",
                field="currency",
                value=query.currency,
            )
        return query.currency
    own = current_tenant().reporting_currency
    if own in used or not used:
        return own
    return min(used, key=lambda code: (-used[code], code))


def lines_of(source: Source, query: HistoryQuery) -> dict[LineKey, Line]:
    """Every key of the answer with what it adds up to."""
    share = query.idle is IdleMode.SHARE
    found: dict[LineKey, Line] = {}
    for raw, values, flags in source.sums():
        line, row_kind = line_of(found, source, raw)
        add_measures(line.sums, values, flags, row_kind, share=share)
    return found


def line_of(found: dict[LineKey, Line], source: Source, raw: RawKey) -> tuple[Line, str]:
    """The line that a raw key belongs to, and the key's own kind of row."""
    key, row_kind = source.key_of(raw)
    is_idle = row_kind == RowKind.IDLE
    line = found.get((key, is_idle))
    if line is None:
        line = found[key, is_idle] = Line(key, row_kind, [])
    elif line.row_kind == RowKind.UNMOUNTED:
        line.row_kind = row_kind
    line.raws.append(raw)
    return line, row_kind


def add_measures(sums: Sums, values: list[int], flags: int, row_kind: str, *, share: bool) -> None:
    amounts = values[:_TOTAL]
    if share:
        for place, component in _SHARED:
            if values[place]:
                amounts[component] += values[place]
                if row_kind != RowKind.IDLE:
                    sums.flags.add(Flag.IDLE_SHARED)
        if row_kind == RowKind.IDLE and any(amounts):
            sums.flags.add(Flag.IDLE_NOT_SHARED)
    for component, amount in enumerate(amounts):
        sums.amounts[component] += amount
        sums.total += amount
    for place, name in enumerate(
        ("cpu_core_hours", "ram_byte_hours", "gpu_hours", "pv_byte_hours")
    ):
        scale = 1 if "byte" in name else MICRO
        sums.hours[place] += values[_INDEX[name]] / scale
    sums.cpu_used += values[_INDEX["cpu_used"]]
    sums.cpu_requested += values[_INDEX["cpu_requested"]]
    sums.ram_used += values[_INDEX["ram_used"]]
    sums.ram_requested += values[_INDEX["ram_requested"]]
    sums.cpu_cost += values[_INDEX["cpu_used_cost"]]
    sums.ram_cost += values[_INDEX["ram_used_cost"]]
    if flags & Bit.UNKNOWN_COST:
        sums.flags.add(Flag.UNKNOWN_COST)
    if row_kind != RowKind.UNMOUNTED:
        sums.unmounted_only = False


def cost_row(line: Line, query: HistoryQuery, names: dict[str, str], whole: int) -> CostRow:
    """A line as people see it; `whole` is the total that its share is of."""
    is_idle = line.row_kind == RowKind.IDLE
    kind = Kind.WORKLOAD
    if is_idle:
        kind = Kind.IDLE
    elif line.sums.unmounted_only:
        kind = Kind.UNMOUNTED
    elif UNALLOCATED in line.key:
        kind = Kind.UNALLOCATED
    words = []
    for dimension, value in zip(query.group_by, line.key, strict=True):
        if dimension.name == "cluster":
            words.append(names.get(value, value))
        elif not (is_idle and value == IDLE):
            words.append(_WORDS.get(value, value))
    label = " · ".join([*words, "Idle"]) if is_idle else " / ".join(words)
    key = {str(d): value for d, value in zip(query.group_by, line.key, strict=True)}
    return line.sums.as_row(key=key, label=label, kind=kind, whole=whole)


def _excluded(cluster: Cluster, currency: str) -> Excluded:
    return Excluded(
        cluster.slug,
        cluster.name,
        cluster.currency,
        f"Its costs are in {cluster.currency}; this answer is in {currency}, and sums never mix.",
    )
