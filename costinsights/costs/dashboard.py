"""The overview page as data: query bar, chips, drill path, table, addresses. Pure functions.

Everything a person can change stands in the URL; each link here is this page's address with one part changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import WINDOW_WORDS
from costinsights.costs.charts import COMPONENT_NAMES, build_charts, row_colours
from costinsights.costs.current.answer import CurrentCosts
from costinsights.costs.current.drill import branches_of, breadcrumb, drill, with_branches
from costinsights.costs.current.query import MOST_ROWS, CurrentCostQuery, IdleMode
from costinsights.costs.current.rows import CostRow, Flag, Kind
from costinsights.opencost.filters import Comparison, Filter, Operator

WINDOWS = {
    "today": "Today",
    "yesterday": "Yesterday",
    "24h": "Last 24 hours",
    "48h": "Last 48 hours",
    "7d": "Last 7 days",
    "14d": "Last 14 days",
    "30d": "Last 30 days",
    "lastweek": "Last week",
    "month": "Month to date",
    "lastmonth": "Last month",
}
DIMENSIONS = {
    "cluster": "Cluster",
    "namespace": "Namespace",
    "controller_kind": "Workload kind",
    "controller": "Workload",
    "pod": "Pod",
    "container": "Container",
    "node": "Node",
}
IDLE_MODES = {
    IdleMode.SEPARATE: "Separate row",
    IdleMode.SHARE: "Shared by cluster",
    IdleMode.HIDE: "Hidden",
}
OPERATOR_WORDS = {
    Operator.EQUALS: "is",
    Operator.NOT_EQUALS: "is not",
    Operator.CONTAINS: "contains",
    Operator.NOT_CONTAINS: "does not contain",
    Operator.STARTS_WITH: "starts with",
    Operator.NOT_STARTS_WITH: "does not start with",
    Operator.ENDS_WITH: "ends with",
    Operator.NOT_ENDS_WITH: "does not end with",
}
FILTER_FIELDS = {
    "namespace": "Namespace",
    "controllerKind": "Workload kind",
    "controllerName": "Workload",
    "pod": "Pod",
    "container": "Container",
    "node": "Node",
    "label": "Label",
    "annotation": "Annotation",
}
_VALUE_WORDS = {"__unallocated__": "Unallocated", "__unmounted__": "Unmounted"}
FLAG_TEXTS = {
    Flag.UNKNOWN_COST: "OpenCost sent no value for a component of this row. It is counted as 0, so the row may cost more.",
    Flag.IDLE_SHARED: "Holds its part of the idle cost of its cluster.",
    Flag.IDLE_NOT_SHARED: "Idle cost of a resource that no workload uses: there is nobody to share it with.",
    Flag.NEGATIVE: "Below zero: adjustments are larger than the cost.",
}
_KIND_TEXTS = {
    Kind.UNALLOCATED: "These costs have no value for what the table is grouped by.",
    Kind.UNMOUNTED: "Volumes and load balancers that no pod uses.",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a select."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One condition of the filter; all of them hold. `remove_url` is the page without it.

    A condition that is no single comparison has only its text, as `value`.
    """

    field: str
    operator: str
    value: str
    text: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the way down; `url` is "" for the one the page stands on."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Column:
    """A heading of the table. `aria_sort` is "" where the table is not sorted by it."""

    name: str
    label: str
    url: str
    aria_sort: str
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table. Amounts in micro-units; `url` drills in, "" where there is nothing below.

    `share_width` is the share bar's, as an SVG attribute: the content policy forbids styles."""

    label: str
    kind: str
    colour: str
    url: str
    amounts: list[int]
    total: int
    share: Decimal | None
    share_width: str
    cpu_efficiency: Decimal | None
    ram_efficiency: Decimal | None
    efficiency: Decimal | None
    flags: list[str]


def page_context(
    *,
    query: CurrentCostQuery,
    costs: CurrentCosts | None,
    clusters: Sequence[tuple[str, str]],
    path: str,
    csv_path: str,
    api_path: str,
    by_kind: CurrentCosts | None = None,
    error: InvalidInput | None = None,
    pending: bool = False,
    can_manage: bool = False,
    connect_url: str = "",
) -> dict[str, Any]:
    """All variables of overview/page.html but the frame's."""
    context: dict[str, Any] = {
        "query": query,
        "costs": costs,
        "costs_pending": pending,
        "query_error": error,
        "scope_words": query.scope.words,
        "has_clusters": bool(clusters),
        "can_manage": can_manage,
        "connect_url": connect_url,
        "bar": query_bar(query, clusters, path),
        "crumbs": steps(query, clusters, path),
        "filter_text": _typed_filter(query, error),
        "page_url": address(path, query),
        "clear_url": address(path, query, filter="", cluster=""),
        "csv_url": address(csv_path, query),
        "api_call": address(api_path, query),
    }
    if costs is not None:
        context |= _answer_context(query, costs, by_kind, path)
    return context


def _typed_filter(query: CurrentCostQuery, error: InvalidInput | None) -> str:
    """The filter as it was typed, also where it could not be read."""
    if error is not None and error.field == "filter":
        return str(error.extra.get("value") or "")
    return query.filter_text


def _answer_context(
    query: CurrentCostQuery, costs: CurrentCosts, by_kind: CurrentCosts | None, path: str
) -> dict[str, Any]:
    def link(row: CostRow) -> str:
        return drill_link(query, row, path)

    shown = shown_components(costs)
    return {
        "charts": build_charts(
            costs.rows,
            costs.totals.total,
            costs.currency,
            grouped_by=grouped_by(query).lower(),
            link=link,
            by_kind=by_kind.rows if by_kind and _shows_kinds(query) else (),
        ),
        "columns": columns(query, costs, path),
        "lines": lines(query, costs, path),
        "totals": _line(costs.totals, shown, "", ""),
        "hides_rows": any(row.kind == Kind.OTHERS for row in costs.rows),
        "more_url": address(path, query, limit=str(MOST_ROWS)),
        "grouped_by": grouped_by(query),
        "kpis": kpi_context(costs),
        "is_filtered": bool(query.filter_text or query.clusters),
    }


def _shows_kinds(query: CurrentCostQuery) -> bool:
    """Whether a chart by workload kind says more than the one by what the table is grouped by."""
    return query.aggregate_text in {"namespace", "cluster", "node"} or bool(query.aggregate[0].key)


def kpi_context(costs: CurrentCosts) -> dict[str, Decimal | None]:
    """Shares of the total for the notes under the headline numbers."""
    total = costs.kpis.total + (costs.hidden_idle or 0)

    def part(amount: int | None) -> Decimal | None:
        return Decimal(amount) / Decimal(total) if amount is not None and total > 0 else None

    return {"idle_share": part(costs.kpis.idle), "unallocated_share": part(costs.kpis.unallocated)}


def query_bar(
    query: CurrentCostQuery, clusters: Sequence[tuple[str, str]], path: str
) -> dict[str, Any]:
    """What the query bar offers and what is chosen."""
    aggregate = query.aggregate_text
    offered = dict(DIMENSIONS)
    if aggregate not in offered:
        offered[aggregate] = grouped_by(query)
    windows = dict(WINDOWS)
    if query.window not in windows:
        windows[query.window] = period_text(query)
    offered_clusters = dict(clusters)
    if len(query.clusters) > 1:
        names = [offered_clusters.get(slug, slug) for slug in query.clusters]
        offered_clusters[",".join(query.clusters)] = ", ".join(names)
    return {
        "windows": _choices(windows, query.window),
        "is_custom": query.window not in WINDOW_WORDS,
        "period": period_text(query),
        "aggregates": _choices(offered, aggregate),
        "idle_modes": _idle_modes(query),
        "clusters": _choices(offered_clusters, ",".join(query.clusters)),
        "chips": chips(query, path),
        "fields": FILTER_FIELDS,
        "operators": {str(operator): word for operator, word in OPERATOR_WORDS.items()},
        "sort": query.parameters().get("sort", ""),
        "limit": query.parameters().get("limit", ""),
        "currency": query.currency,
        "options_changed": query.idle != IdleMode.SEPARATE,
    }


def _idle_modes(query: CurrentCostQuery) -> list[Choice]:
    """The ways to show idle cost. A limited member sees none of it, so there is nothing to choose."""
    if query.scope.is_limited:
        return []
    return _choices({str(mode): word for mode, word in IDLE_MODES.items()}, str(query.idle))


def chips(query: CurrentCostQuery, path: str) -> list[Chip]:
    """The filter's conditions in words, each with the address of the page without it."""
    branches = branches_of(query.filter)
    return [
        _chip(
            branch,
            address(path, with_branches(query, (*branches[:index], *branches[index + 1 :]))),
        )
        for index, branch in enumerate(branches)
    ]


def _chip(branch: Filter, remove_url: str) -> Chip:
    text = branch.render()
    if not isinstance(branch, Comparison):
        return Chip("", "", text, text, remove_url)
    field = FILTER_FIELDS.get(branch.field, branch.field.capitalize())
    values = " or ".join(_VALUE_WORDS.get(value, value) for value in branch.values)
    return Chip(
        f"{field} {branch.key}".rstrip(),
        OPERATOR_WORDS[branch.operator],
        values,
        text,
        remove_url,
    )


def steps(query: CurrentCostQuery, clusters: Sequence[tuple[str, str]], path: str) -> list[Step]:
    """All / cluster / namespace / kind / workload / pod, as far as the query has gone down."""
    return [
        Step(
            _VALUE_WORDS.get(crumb.label, crumb.label),
            address(path, crumb.query) if crumb.query is not None else "",
        )
        for crumb in breadcrumb(query, dict(clusters))
    ]


def drill_link(query: CurrentCostQuery, row: CostRow, path: str) -> str:
    """The page one level below a row; "" where there is none."""
    below = drill(query, row)
    return address(path, below) if below is not None else ""


def grouped_by(query: CurrentCostQuery) -> str:
    """The grouping in words: "Namespace", "Label team", "Namespace and Pod"."""
    names = [
        f"{dimension.name.capitalize()} {dimension.key}"
        if dimension.key
        else DIMENSIONS[dimension.name]
        for dimension in query.aggregate
    ]
    return " and ".join(names)


def period_text(query: CurrentCostQuery) -> str:
    """The window in words, both ends included when it runs over whole days."""
    start, end = query.period.start, query.period.end
    if start.hour or end.hour:
        return f"{start:%-d %b, %H:%M} – {end:%-d %b %Y, %H:%M} UTC"
    last = max(query.period.days(), key=lambda day: day.start).start
    if last == start:
        return f"{start:%-d %b %Y}"
    return f"{start:%-d %b} – {last:%-d %b %Y}"


def shown_components(costs: CurrentCosts) -> list[str]:
    """The components that cost anything, and the three every reader looks for."""
    always = {"cpu", "ram", "pv"}
    return [name for name in COMPONENT_NAMES if name in always or costs.totals.components.get(name)]


def columns(query: CurrentCostQuery, costs: CurrentCosts, path: str) -> list[Column]:
    """The table's headings with the link that sorts by each: amounts largest first, then the reverse."""
    listed = [
        ("name", grouped_by(query)),
        *((name, COMPONENT_NAMES[name]) for name in shown_components(costs)),
        ("total", "Total"),
        ("share", "% of total"),
        ("efficiency", "Efficiency"),
    ]
    return [_column(query, name, label, path) for name, label in listed]


def _column(query: CurrentCostQuery, name: str, label: str, path: str) -> Column:
    now = query.sort
    aria, target = "", name if name == "name" else f"-{name}"
    if now.column == name:
        aria = "descending" if now.descending else "ascending"
        target = name if now.descending else f"-{name}"
    return Column(name, label, address(path, query, sort=target), aria, numeric=name != "name")


def lines(query: CurrentCostQuery, costs: CurrentCosts, path: str) -> list[Line]:
    """The rows of the table, with the colour of their chart segment and the link one level down."""
    shown = shown_components(costs)
    tints = row_colours(costs.rows)
    return [
        _line(row, shown, tint, drill_link(query, row, path))
        for row, tint in zip(costs.rows, tints, strict=True)
    ]


def _line(row: CostRow, shown: Sequence[str], colour: str, url: str) -> Line:
    texts = [FLAG_TEXTS[flag] for flag in row.flags]
    if row.kind in _KIND_TEXTS:
        texts.append(_KIND_TEXTS[row.kind])
    return Line(
        label=row.label,
        kind=str(row.kind),
        colour=colour,
        url=url,
        amounts=[row.components.get(name, 0) for name in shown],
        total=row.total,
        share=row.share,
        share_width=f"{max(0, row.share or 0) * 100:.2f}%",
        cpu_efficiency=row.efficiency.cpu,
        ram_efficiency=row.efficiency.ram,
        efficiency=row.efficiency.total,
        flags=texts,
    )


def _choices(offered: dict[str, str], selected: str) -> list[Choice]:
    return [Choice(value, label, value == selected) for value, label in offered.items()]


def address(path: str, query: CurrentCostQuery, **changes: str) -> str:
    """A page for this query with some parameters changed; "" removes one."""
    text = query.query_string(**changes)
    return f"{path}?{text}" if text else path
