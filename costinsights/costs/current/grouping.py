"""From rows to lines: filter, group, rank, sum. Pure arithmetic, exact to the last micro-unit.

Σ lines = total holds for every query, because each row that passes the filter is counted into exactly one
line; the total is added up beside the lines, and `Reconciliation.difference` is the proof.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from costinsights.costs.current.dimensions import Dimension
from costinsights.costs.current.idle import IDLE, Amounts, amounts_of, row_test, share_idle
from costinsights.costs.current.query import CurrentCostQuery, IdleMode
from costinsights.costs.current.rows import CostRow, Flag, Kind, Sums
from costinsights.opencost.filters import UNALLOCATED
from costinsights.opencost.schema import COMPONENTS, AllocatedCost, RowKind

_Key = tuple[str, ...]
_WORDS = {UNALLOCATED: "Unallocated", "__unmounted__": "Unmounted", IDLE: "Idle"}


@dataclass(frozen=True, slots=True)
class ClusterRows:
    """All rows of one cluster over the period asked for, unfiltered, whoever asks."""

    slug: str
    name: str
    rows: Sequence[AllocatedCost]
    is_sample: bool = False


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The proof that the lines are the total, and how far OpenCost's own sum is from ours."""

    rows_sum: int
    total: int
    difference: int
    opencost_total: int  # of the rows for which OpenCost gave one, before idle is shared
    opencost_difference: int  # ours minus theirs, over the same rows
    unknown_rows: int  # rows with a component OpenCost did not know


@dataclass(frozen=True, slots=True)
class Kpis:
    """The four numbers above the table. Money in micro-units."""

    total: int
    idle: int | None  # shown, shared or hidden; None where idle is never shown
    unallocated: int  # without an owner in what was grouped by, volumes without a pod included
    efficiency: Decimal | None


@dataclass(frozen=True, slots=True)
class Grouped:
    """The answer's numbers. `seen_rows` are the rows by cluster that the asker may see, before the filter."""

    rows: list[CostRow]
    totals: CostRow
    hidden_idle: int | None
    reconciliation: Reconciliation
    kpis: Kpis
    seen_rows: dict[str, int]


class _Ledger:
    """What one pass over the rows writes down."""

    def __init__(self) -> None:
        self.groups: dict[tuple[_Key, bool], Sums] = {}
        self.total = 0
        self.idle = 0
        self.hidden_idle = 0
        self.opencost_total = 0
        self.opencost_difference = 0
        self.unknown_rows = 0

    def compare(self, row: AllocatedCost) -> None:
        """Hold our sum of the row against OpenCost's own."""
        if row.reported_total is not None:
            self.opencost_total += row.reported_total
            self.opencost_difference += row.total - row.reported_total
        if row.unknown:
            self.unknown_rows += 1

    def count(self, key: _Key, row: AllocatedCost, amounts: Amounts) -> Sums:
        is_idle = row.kind == RowKind.IDLE
        sums = self.groups.get((key, is_idle))
        if sums is None:
            sums = self.groups[(key, is_idle)] = Sums()
        sums.add(row, amounts)
        if row.kind == RowKind.WORKLOAD:
            sums.add_use(row)
        if row.kind != RowKind.UNMOUNTED:
            sums.unmounted_only = False
        self.total += sum(amounts)
        return sums


def group_costs(clusters: Sequence[ClusterRows], query: CurrentCostQuery) -> Grouped:
    """The lines of `query` over these clusters' rows, all of one currency.

    Only rows in the query's scope take part in anything; idle cost is unknown to a limited asker, not zero.
    """
    ledger = _Ledger()
    seen_rows: dict[str, int] = {}
    for cluster in clusters:
        rows = query.scope.visible(cluster.rows)
        seen_rows[cluster.slug] = len(rows)
        _count_cluster(ledger, replace(cluster, rows=rows), query)
    names = {cluster.slug: cluster.name for cluster in clusters}
    lines, totals = _lines(ledger, query, names)
    rows_sum = sum(line.total for line in lines)
    unallocated = sum(
        sums.total
        for (key, is_idle), sums in ledger.groups.items()
        if _kind(key, is_idle, sums) in {Kind.UNALLOCATED, Kind.UNMOUNTED}
    )
    hidden = query.idle == IdleMode.HIDE
    idle = ledger.hidden_idle if hidden else ledger.idle
    return Grouped(
        rows=lines,
        totals=totals,
        hidden_idle=ledger.hidden_idle if hidden and not query.scope.is_limited else None,
        reconciliation=Reconciliation(
            rows_sum=rows_sum,
            total=ledger.total,
            difference=rows_sum - ledger.total,
            opencost_total=ledger.opencost_total,
            opencost_difference=ledger.opencost_difference,
            unknown_rows=ledger.unknown_rows,
        ),
        kpis=Kpis(
            total=ledger.total,
            idle=None if query.scope.is_limited else idle,
            unallocated=unallocated,
            efficiency=totals.efficiency.total,
        ),
        seen_rows=seen_rows,
    )


def _count_cluster(ledger: _Ledger, cluster: ClusterRows, query: CurrentCostQuery) -> None:
    key_of = _key_reader(query.aggregate, cluster.slug)
    idle_key_of = _idle_key_reader(query.aggregate, cluster.slug)
    shared = share_idle(cluster.rows) if query.idle == IdleMode.SHARE else {}
    passes = row_test(query.filter)
    own_flags = {Flag.SAMPLE} if cluster.is_sample else set()
    for index, row in enumerate(cluster.rows):
        if not passes(row):
            continue
        ledger.compare(row)
        own = amounts_of(row)
        amounts = shared.get(index, own)
        if row.kind == RowKind.IDLE:
            if query.idle == IdleMode.HIDE:
                ledger.hidden_idle += sum(own)
                continue
            ledger.idle += sum(amounts)
            if query.idle == IdleMode.SHARE and not any(amounts):
                continue  # shared out completely
            sums = ledger.count(idle_key_of(row), row, amounts)
            sums.flags |= own_flags
            if query.idle == IdleMode.SHARE:
                sums.flags.add(Flag.IDLE_NOT_SHARED)
            continue
        sums = ledger.count(key_of(row), row, amounts)
        sums.flags |= own_flags
        if amounts is not own:
            ledger.idle += sum(amounts) - sum(own)
            sums.flags.add(Flag.IDLE_SHARED)


def _key_reader(
    aggregate: tuple[Dimension, ...], cluster_slug: str
) -> Callable[[AllocatedCost], _Key]:
    readers = [
        (lambda _row: cluster_slug) if dimension.name == "cluster" else dimension.reader()
        for dimension in aggregate
    ]
    if len(readers) == 1:
        (only,) = readers
        return lambda row: (only(row),)
    return lambda row: tuple(read(row) for read in readers)


def _idle_key_reader(
    aggregate: tuple[Dimension, ...], cluster_slug: str
) -> Callable[[AllocatedCost], _Key]:
    """Idle cost has a cluster, sometimes a node, and nothing else."""

    def read(row: AllocatedCost) -> _Key:
        own = {"cluster": cluster_slug, "node": row.node or IDLE}
        return tuple(own.get(dimension.name, IDLE) for dimension in aggregate)

    return read


def _kind(key: _Key, is_idle: bool, sums: Sums) -> Kind:
    if is_idle:
        return Kind.IDLE
    if sums.unmounted_only:
        return Kind.UNMOUNTED
    return Kind.UNALLOCATED if UNALLOCATED in key else Kind.WORKLOAD


def _lines(
    ledger: _Ledger, query: CurrentCostQuery, names: dict[str, str]
) -> tuple[list[CostRow], CostRow]:
    """Ranked lines up to the limit, then Others, then idle; and the total line."""
    ranked: list[tuple[CostRow, Sums]] = []
    idle: list[CostRow] = []
    everything = Sums()
    for (key, is_idle), sums in ledger.groups.items():
        everything.merge(sums)
        row = sums.as_row(
            key={str(d): value for d, value in zip(query.aggregate, key, strict=True)},
            label=_label(query.aggregate, key, is_idle, names),
            kind=_kind(key, is_idle, sums),
            whole=ledger.total,
        )
        if is_idle:
            idle.append(row)
        else:
            ranked.append((row, sums))
    order = {id(row): sums for row, sums in ranked}
    in_order = sort_rows([row for row, _ in ranked], query)
    rows, rest = in_order[: query.limit], in_order[query.limit :]
    if rest:
        others = Sums()
        for row in rest:
            others.merge(order[id(row)])
        rows.append(
            others.as_row(
                key={},
                label=f"Others ({len(rest):,})",
                kind=Kind.OTHERS,
                whole=ledger.total,
                members=len(rest),
            )
        )
    totals = everything.as_row(key={}, label="Total", kind=Kind.TOTAL, whole=ledger.total)
    return [*rows, *sort_rows(idle, query)], totals


def _label(
    aggregate: tuple[Dimension, ...], key: _Key, is_idle: bool, names: dict[str, str]
) -> str:
    def words() -> Iterator[str]:
        for dimension, value in zip(aggregate, key, strict=True):
            if dimension.name == "cluster":
                yield names.get(value, value)
            elif not (is_idle and value == IDLE):
                yield _WORDS.get(value, value)

    shown = list(words())
    return " · ".join([*shown, "Idle"]) if is_idle else " / ".join(shown)


def sort_rows(rows: list[CostRow], query: CurrentCostQuery) -> list[CostRow]:
    """By the query's column; ties by name, then key; rows without a value last, either way."""
    value_of = _column(query.sort.column)
    rows = sorted(rows, key=lambda row: (row.label.casefold(), sorted(row.key.items())))
    valued = [row for row in rows if value_of(row) is not None]
    valued.sort(key=value_of, reverse=query.sort.descending)  # type: ignore[arg-type]  # no None in it
    return valued + [row for row in rows if value_of(row) is None]


def _column(name: str) -> Callable[[CostRow], "int | float | Decimal | str | None"]:
    if name in COMPONENTS:
        return lambda row: row.components[name]
    readers: dict[str, Callable[[CostRow], int | float | Decimal | str | None]] = {
        "total": lambda row: row.total,
        "share": lambda row: row.total,
        "name": lambda row: row.label.casefold(),
        "efficiency": lambda row: row.efficiency.total,
        "cpu_efficiency": lambda row: row.efficiency.cpu,
        "ram_efficiency": lambda row: row.efficiency.ram,
        "cpu_core_hours": lambda row: row.hours.cpu_core,
        "ram_gib_hours": lambda row: row.hours.ram_gib,
        "gpu_hours": lambda row: row.hours.gpu,
        "pv_gib_hours": lambda row: row.hours.pv_gib,
    }
    return readers[name]
