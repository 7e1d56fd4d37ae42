"""Answering a question about stored costs: lines, their series, the proof that they add up."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import ChargePeriod
from costinsights.core.tenancy import current_tenant
from costinsights.costs.current.rows import CostRow, Flag, Kind, Sums
from costinsights.costs.history.completeness import Coverage, StepState
from costinsights.costs.history.conditions import load_groups
from costinsights.costs.history.facts import MICRO, Bit
from costinsights.costs.history.models import IDLE_SHARE_COLUMNS, MEASURES
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.history.source import IDLE, UNMOUNTED, Key, RawKey, Source
from costinsights.costs.history.steps import Step, Steps
from costinsights.costs.models import Cluster
from costinsights.costs.parameters import IdleMode
from costinsights.opencost.filters import UNALLOCATED
from costinsights.opencost.rows import RowKind

_WORDS = {UNALLOCATED: "Unallocated", UNMOUNTED: "Unmounted", IDLE: "Idle"}
_INDEX = {name: place for place, name in enumerate(MEASURES)}
_TOTAL = _INDEX["total_cost"]
_SHARED = [(_INDEX[column], place) for place, column in enumerate(IDLE_SHARE_COLUMNS)]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A line and its points: micro-units for each step, None where nothing is stored."""

    row: CostRow
    points: list[int | None]


@dataclass(frozen=True, slots=True)
class StepInfo:
    """One step of the series and how much of it is stored."""

    period: ChargePeriod
    state: StepState
    completeness: float
    stored: float  # the share for which at least one cluster is stored
    total: int | None


@dataclass(frozen=True, slots=True)
class Excluded:
    """A cluster that takes no part, and why."""

    cluster: str
    name: str
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class HistoryAnswer:
    """What the store says. Σ rows = total at every step and over the period, to the micro-unit."""

    query: HistoryQuery
    currency: str
    clusters: list[str]
    excluded: list[Excluded]
    steps: list[StepInfo]
    rows: list[HistoryRow]
    totals: CostRow
    hidden_idle: int | None
    # What the ledger says; None where a filter or a limit leaves something out.
    ledger_total: int | None
    data_through: dt.datetime | None
    unknown_rows: int
    difference: int = 0  # Σ rows − total; anything but 0 is a defect


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
        made.lines = _lines(made.source, query)
        made.leave_idle_out()
        return made

    @classmethod
    def prepared(cls, query: HistoryQuery, like: "Answering | None" = None) -> "Answering":
        """Find out whom to ask. With `like`, the same clusters in the same currency. Raises InvalidInput."""
        if like is None:
            chosen = _chosen_clusters(query)
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


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The lines to show, and what all others add up to."""

    shown: list[Line]
    idle: list[Line]
    others: Sums | None
    others_count: int


# More keys than this are ranked by their totals before anything else of them is added up.
_RANK_FIRST_FROM = 2_000


def history(query: HistoryQuery, *, now: dt.datetime) -> HistoryAnswer:
    """Answer from the store alone. Raises InvalidInput for a cluster, currency or field there is not."""
    asked = Answering.prepared(query)
    if asked.source.keys_at_most > _RANK_FIRST_FROM:
        ranked = _ranked_first(asked)
    else:
        asked.lines = _lines(asked.source, query)
        asked.leave_idle_out()
        ranked = _ranked(asked)
    return _answer(asked, ranked, now=now)


def _in_order(asked: Answering) -> tuple[list[Line], list[Line], list[Line]]:
    """The lines to show, the rest, and the idle ones."""
    lines = sorted(
        (line for line in asked.lines.values() if not line.is_idle),
        key=lambda line: (-line.sums.total, line.key),
    )
    idle = [line for line in asked.lines.values() if line.is_idle]
    limit = asked.query.limit
    return lines[:limit], lines[limit:], idle


def _ranked(asked: Answering) -> _Ranked:
    shown, rest, idle = _in_order(asked)
    others = None
    if rest:
        others = Sums()
        for line in rest:
            others.merge(line.sums)
    return _Ranked(shown, idle, others, len(rest))


def _ranked_first(asked: Answering) -> _Ranked:
    """Totals first, then everything else of the few lines that are shown."""
    source, share = asked.source, asked.query.idle is IdleMode.SHARE
    for raw, total in source.totals(share_idle=share):
        line, _ = _line_of(asked.lines, source, raw)
        line.sums.total += total
    asked.leave_idle_out()
    shown, rest, idle = _in_order(asked)
    lines = [*shown, *idle]
    # What all lines add up to is known without grouping: then only the lines shown are added up here.
    asked.whole = source.whole() if rest else None
    found = source.sums_of([line.raws for line in lines], only=asked.whole is not None)
    for place, line in enumerate(lines):
        line.sums = Sums()
        if place in found:
            _add(line.sums, *found[place], line.row_kind, share=share)
    others = None
    if rest:
        others = Sums()
        values, flags = found[-1] if asked.whole is None else _remainder(asked.whole, found)
        _add(others, values, flags, RowKind.WORKLOAD, share=share)
    return _Ranked(shown, idle, others, len(rest))


def _remainder(whole: Source, lines: Mapping[int, tuple[list[int], int]]) -> tuple[list[int], int]:
    """What is left of everything beside some lines. Flags are those of everything."""
    left, flags = [0] * len(MEASURES), 0
    for _, values, bits in whole.sums():
        left = [held + value for held, value in zip(left, values, strict=True)]
        flags |= bits
    for values, _ in lines.values():
        left = [held - value for held, value in zip(left, values, strict=True)]
    return left, flags


def _chosen_clusters(query: HistoryQuery) -> list[Cluster]:
    clusters = list(Cluster.objects.in_order())
    known = {cluster.slug for cluster in clusters}
    for slug in query.clusters:
        if slug not in known:
            choices = ", ".join(sorted(known)) or "none yet"
            raise InvalidInput(
                f"There is no cluster “{slug}”. Yours: {choices}.", field="cluster", value=slug
            )
    if query.clusters:
        return [cluster for cluster in clusters if cluster.slug in query.clusters]
    real = [cluster for cluster in clusters if not cluster.is_demo]
    return real or clusters


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


def _lines(source: Source, query: HistoryQuery) -> dict[LineKey, Line]:
    """Every key of the answer with what it adds up to."""
    share = query.idle is IdleMode.SHARE
    found: dict[LineKey, Line] = {}
    for raw, values, flags in source.sums():
        line, row_kind = _line_of(found, source, raw)
        _add(line.sums, values, flags, row_kind, share=share)
    return found


def _line_of(found: dict[LineKey, Line], source: Source, raw: RawKey) -> tuple[Line, str]:
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


def _add(sums: Sums, values: list[int], flags: int, row_kind: str, *, share: bool) -> None:
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


def _answer(asked: Answering, ranked: _Ranked, *, now: dt.datetime) -> HistoryAnswer:
    query, coverage, clusters = asked.query, asked.coverage, asked.clusters
    steps = Steps(query.period, query.step)
    periods = list(steps)
    states = coverage.completeness(periods, clusters, now=now)
    stored = [state is not StepState.MISSING for state, _ in states]
    lines = [*ranked.shown, *ranked.idle]
    places = {start: place for place, start in enumerate(steps.starts())}
    points = _points(asked, lines, places, stored)
    everything = Sums()
    for line in lines:
        everything.merge(line.sums)
    if ranked.others is not None:
        everything.merge(ranked.others)
    whole = everything.total
    rows = [
        HistoryRow(cost_row(line, query, asked.names, whole), points[index])
        for index, line in enumerate(lines)
    ]
    if ranked.others is not None:
        count = ranked.others_count
        row = ranked.others.as_row(
            key={}, label=f"Others ({count:,})", kind=Kind.OTHERS, whole=whole, members=count
        )
        rows.insert(len(ranked.shown), HistoryRow(row, points[-1]))
    totals = everything.as_row(key={}, label="Total", kind=Kind.TOTAL, whole=whole)
    step_totals = [
        sum(row.points[place] or 0 for row in rows) if stored[place] else None
        for place in range(len(periods))
    ]
    unfiltered = query.filter is None and not query.scope.is_limited
    return HistoryAnswer(
        query=query,
        currency=asked.currency,
        clusters=[cluster.slug for cluster in clusters],
        excluded=asked.excluded,
        steps=[
            StepInfo(period, state, share, stored_share, total)
            for period, (state, share), stored_share, total in zip(
                periods, states, coverage.stored_shares(periods, now=now), step_totals, strict=True
            )
        ],
        rows=rows,
        totals=totals,
        hidden_idle=asked.hidden_idle,
        ledger_total=coverage.total if unfiltered else None,
        data_through=coverage.data_through(clusters),
        unknown_rows=sum(window.unknown_rows for window in coverage.windows),
        difference=sum(row.row.total for row in rows) - totals.total,
    )


def _points(
    asked: Answering, lines: list[Line], places: dict[dt.datetime, int], stored: list[bool]
) -> list[list[int | None]]:
    """The points of each line, and one series more for whatever is in none of them."""
    empty: list[int | None] = [0 if has else None for has in stored]
    points = [list(empty) for _ in range(len(lines) + 1)]
    shared = asked.query.idle is IdleMode.SHARE
    raws = [line.raws for line in lines]
    step, whole = asked.query.step, asked.whole
    rows = asked.source.series(step, raws, share_idle=shared, only=whole is not None)
    if whole is not None:
        beside = [(-1, at, -amount) for _, at, amount in rows]
        rows += [*whole.series(step, [], share_idle=shared), *beside]
    for line, at, amount in rows:
        series, place = points[line], places[_instant(at)]
        series[place] = (series[place] or 0) + amount
    return points


def _instant(at: dt.datetime | dt.date) -> dt.datetime:
    if isinstance(at, dt.datetime):
        return at
    return dt.datetime.combine(at, dt.time(), dt.UTC)


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
