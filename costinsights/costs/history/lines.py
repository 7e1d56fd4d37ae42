"""The lines of a question about stored costs: whom to ask, what each key adds up to, how it reads."""

import datetime as dt
from dataclasses import dataclass, field

from costinsights.core.periods import ChargePeriod
from costinsights.costs.current.rows import CostRow, Flag, Kind, Sums
from costinsights.costs.history.completeness import Coverage
from costinsights.costs.history.conditions import load_groups
from costinsights.costs.history.conversion import INDEX, SHARES, TOTAL, Cell, converted_cells
from costinsights.costs.history.facts import MICRO, Bit
from costinsights.costs.history.keymaps import IDLE, UNMOUNTED, Key, RawKey
from costinsights.costs.history.participants import Excluded, Participants, participants_of
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.history.source import Source
from costinsights.costs.history.steps import Step
from costinsights.costs.models import Cluster
from costinsights.costs.parameters import IdleMode
from costinsights.opencost.filters import UNALLOCATED
from costinsights.opencost.rows import RowKind

_WORDS = {UNALLOCATED: "Unallocated", UNMOUNTED: "Unmounted", IDLE: "Idle"}
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
    """A question with everything the store says to it: the lines that count, and what was left out.

    `source` answers for the clusters in the answer's own currency, `foreign` for those in others, window by window;
    `everyone` for all of them, mixed: it is good for ranking only.
    """

    query: HistoryQuery
    participants: Participants
    coverage: Coverage
    everyone: Source
    source: Source
    foreign: list[Source]
    lines: dict[LineKey, Line] = field(default_factory=dict)
    hidden_idle: int | None = None
    whole: Source | None = None  # where everything together is asked apart from the lines
    # What was converted: line (None: one of those not shown), window, micro-units.
    windows: list[tuple[LineKey | None, dt.datetime, int]] = field(default_factory=list)

    @classmethod
    def both(cls, query: HistoryQuery, before: ChargePeriod) -> "tuple[Answering, Answering]":
        """The question for its own period and for the one before, of the clusters that can take part in both."""
        periods = (query.period, before)
        taking_part = participants_of(query.clusters, query.currency, periods)
        sides = cls.prepared(query, taking_part), cls.prepared(query.over(before), taking_part)
        for side in sides:
            side.add_up()
        return sides

    @classmethod
    def prepared(cls, query: HistoryQuery, participants: Participants | None = None) -> "Answering":
        """Find out whom to ask. Raises InvalidInput."""
        if participants is None:
            participants = participants_of(query.clusters, query.currency, [query.period])
        clusters = participants.clusters
        coverage = Coverage.load(clusters, query.period, by_hour=query.step is Step.HOUR)
        source = Source.of(
            group_by=query.group_by,
            coverage=coverage,
            groups=load_groups(clusters),
            asked=query.filter,
            scope=query.scope,
        )
        abroad = participants.foreign
        if not abroad:
            return cls(query, participants, coverage, source, source, [])
        at_home = [c.pk for c in clusters if c.currency == participants.currency]
        foreign = [source.part([c.pk for c in held]) for held in abroad.values()]
        return cls(query, participants, coverage, source, source.part(at_home), foreign)

    @property
    def shares_idle(self) -> bool:
        return self.query.idle is IdleMode.SHARE

    def add_up(self) -> None:
        """Every line with all it adds up to."""
        self.lines = {}
        for raw, values, flags in self.source.sums():
            line, row_kind = line_of(self.lines, self.source, raw)
            add_measures(line.sums, values, flags, row_kind, share=self.shares_idle)
        for source in self.foreign:
            self._add_windows(source)
        self.leave_idle_out()

    def _add_windows(self, source: Source) -> None:
        """The lines of clusters in another currency, each of their windows converted."""
        found = source.every_window()
        # In the order of their keys, so that the same rows are always rounded alike.
        raws = sorted({row[0] for row in found}, key=lambda raw: (source.keys.key_of(raw), raw[:2]))
        places = {raw: place for place, raw in enumerate(raws)}
        cells = [
            Cell(places[raw], cluster_id, at, measures, flags)
            for raw, cluster_id, at, measures, flags in found
        ]
        lines = [line_of(self.lines, source, raw) for raw in raws]
        for cell in converted_cells(cells, self.participants.rate, share=self.shares_idle):
            line, row_kind = lines[cell.line]
            add_measures(line.sums, cell.measures, cell.flags, row_kind, share=self.shares_idle)
            self.windows.append(((line.key, line.is_idle), cell.at, cell.total))

    def leave_idle_out(self) -> None:
        """Drop the idle lines that the question does not want to see, and say how much was hidden."""
        if self.query.idle is IdleMode.HIDE:
            idle = sum(line.sums.total for line in self.lines.values() if line.is_idle)
            self.hidden_idle = None if self.query.scope.is_limited else idle
            self.lines = {key: line for key, line in self.lines.items() if not line.is_idle}
            self.windows = [window for window in self.windows if not (window[0] and window[0][1])]
            self.source.without(RowKind.IDLE)
        elif self.query.idle is IdleMode.SHARE:
            self.lines = {
                key: line
                for key, line in self.lines.items()
                if not line.is_idle or line.sums.total or any(line.sums.amounts)
            }

    @property
    def currency(self) -> str:
        return self.participants.currency

    @property
    def clusters(self) -> list[Cluster]:
        return self.participants.clusters

    @property
    def excluded(self) -> list[Excluded]:
        return self.participants.excluded

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


def line_of(found: dict[LineKey, Line], source: Source, raw: RawKey) -> tuple[Line, str]:
    """The line that a raw key belongs to, and the key's own kind of row."""
    key, row_kind = source.keys.key_of(raw)
    is_idle = row_kind == RowKind.IDLE
    line = found.get((key, is_idle))
    if line is None:
        line = found[key, is_idle] = Line(key, row_kind, [])
    elif line.row_kind == RowKind.UNMOUNTED:
        line.row_kind = row_kind
    line.raws.append(raw)
    return line, row_kind


def add_measures(sums: Sums, values: list[int], flags: int, row_kind: str, *, share: bool) -> None:
    amounts = values[:TOTAL]
    if share:
        for place, component in SHARES:
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
        sums.hours[place] += values[INDEX[name]] / scale
    sums.cpu_used += values[INDEX["cpu_used"]]
    sums.cpu_requested += values[INDEX["cpu_requested"]]
    sums.ram_used += values[INDEX["ram_used"]]
    sums.ram_requested += values[INDEX["ram_requested"]]
    sums.cpu_cost += values[INDEX["cpu_used_cost"]]
    sums.ram_cost += values[INDEX["ram_used_cost"]]
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
