"""All variables of history/layer.html, and of the strip beside allocations on the history page."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import DAY, utc_day
from costinsights.costs.charts import SPECIAL, colours
from costinsights.costs.current.rows import Kind, Sums
from costinsights.costs.dashboard import Choice, choices
from costinsights.costs.history.answers import HistoryAnswer, HistoryRow, StepInfo
from costinsights.costs.history.completeness import StepState
from costinsights.costs.history.page.state import Style
from costinsights.costs.history.page.timeline import timeline
from costinsights.costs.history.page.words import STEPS, WINDOWS, period_words
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.history.steps import Step, default_step
from costinsights.costs.layers.answers import LayerAnswer, LayerLine, LineKind
from costinsights.costs.layers.beside import Beside, beside_allocations
from costinsights.costs.layers.models import LAYER_NAMES, LayerWindow
from costinsights.costs.layers.query import DIMENSIONS, LABEL, MOST_ROWS, LayerQuery
from costinsights.costs.read_scope import EVERYTHING, ReadScope
from costinsights.opencost.layer_rows import Layer

ALLOCATIONS = "Allocations"
DIMENSION_WORDS = {
    "cluster": "Cluster",
    "provider": "Provider",
    "billing_account": "Billing account",
    "account": "Account",
    "account_name": "Account name",
    "service": "Service",
    "category": "Category",
    "region": "Region",
    "zone": "Zone",
    "resource_type": "Type",
    "resource_name": "Name",
    "resource_id": "Provider id",
    "domain": "Domain",
    "charge_category": "Charge category",
    "cost_source": "Source",
    "unit": "Unit",
}
MEASURE_WORDS = {
    "list_cost": "List",
    "net_cost": "Net",
    "billed_cost": "Billed",
    "amortized_cost": "Amortized",
    "kubernetes_cost": "Of it Kubernetes",
    "cpu_cost": "CPU",
    "ram_cost": "RAM",
    "gpu_cost": "GPU",
    "discount_cost": "Discount",
    "adjustment_cost": "Adjustment",
    "other_cost": "Disks and other",
    "idle_cost": "Of it idle",
}
EXPLAINED = {
    Layer.ASSETS: "What nodes, disks, load balancers and the control plane cost, used or not, as OpenCost prices "
    "them. Most of it is the same money that allocations share out.",
    Layer.CLOUD: "The provider’s bill as OpenCost reads it: the effective cost, amortized and net of discounts. A "
    "provider changes a day for about a month, so the last 35 days are read again every night.",
    Layer.CUSTOM: "What other services cost, through OpenCost’s plugins: what was billed, or the list cost where "
    "nothing was billed.",
}
TOTAL_WORDS = {Layer.ASSETS: "Cost", Layer.CLOUD: "Effective cost", Layer.CUSTOM: "Cost"}


@dataclass(frozen=True, slots=True)
class LayerLink:
    """A choice of the book that is shown."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line of the table: the first amount is the total."""

    line: LayerLine
    colour: str
    share: float | None
    amounts: list[int | None]


def layer_links(
    query: HistoryQuery | LayerQuery, *, history: str, layers: str, current: str = ""
) -> list[LayerLink]:
    """Allocations and every layer, over the same period, clusters and currency."""
    asked = query.parameters()
    kept: dict[str, str] = {
        name: asked[name]
        for name in ("window", "start", "end", "cluster", "currency")
        if name in asked
    }
    links = [LayerLink(ALLOCATIONS, _address(history, kept), not current)]
    for layer, name in LAYER_NAMES.items():
        links.append(
            LayerLink(name, _address(layers, {"layer": layer.value, **kept}), layer == current)
        )
    return links


def _address(path: str, parameters: dict[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path


def shown_beside(query: HistoryQuery, currency: str) -> Beside | None:
    """What stands beside the history page's allocations; None for limited members and where nothing is stored."""
    if query.scope.is_limited or not LayerWindow.objects.filter(revision__gt=0).exists():
        return None
    start, end = utc_day(query.period.start), utc_day(query.period.end)
    period = type(query.period)(start, end if end == query.period.end else end + DAY)
    found = beside_allocations(
        period, scope=query.scope, clusters=query.clusters, currency=currency
    )
    return found if found.has_any else None


def layer_context(
    *,
    query: LayerQuery,
    answer: LayerAnswer | None,
    beside: Beside | None,
    clusters: Sequence[tuple[str, str]],
    history: str,
    path: str,
    api: str,
    now: dt.datetime,
    error: InvalidInput | None = None,
) -> dict[str, Any]:
    layer = query.layer
    context: dict[str, Any] = {
        "query": query,
        "answer": answer,
        "query_error": error,
        "has_clusters": bool(clusters),
        "layer_name": LAYER_NAMES[layer],
        "explained": EXPLAINED[layer],
        "layer_links": layer_links(query, history=history, layers=path, current=layer),
        "bar": _bar(query, clusters),
        "period": period_words(query.period),
        "grouped_by": " and ".join(_words(name) for name in query.group_by),
        "page_url": _address(path, query.parameters()),
        "plain_url": _address(path, {"layer": layer.value}),
        "more_url": _address(path, {**query.parameters(), "limit": str(MOST_ROWS)}),
        "csv_url": f"{api}?{query.query_string(limit=str(MOST_ROWS), format='csv')}",
        "parquet_url": f"{api}?{query.query_string(limit=str(MOST_ROWS), format='parquet')}",
        "beside": beside,
        "sources": beside.of(layer).clusters if beside else [],
        "overhead": beside.overhead if beside and layer is Layer.ASSETS else None,
    }
    if answer is not None and answer.has_data:
        context |= _answered(answer, now)
    return context


def _answered(answer: LayerAnswer, now: dt.datetime) -> dict[str, Any]:
    measures = [name for name in answer.totals.amounts if name in MEASURE_WORDS]
    used = [name for name in measures if any(row.amounts[name] for row in answer.rows)]
    chart = timeline(
        _as_history(answer),
        None,
        grouped_by=" and ".join(_words(name) for name in answer.query.group_by).lower(),
        style=Style.BARS,
        link=lambda row: "",
        zoom=lambda info: "",
        zoom_url="",
        now=now,
    )
    return {
        "has_data": True,
        "chart": {"timeline": chart},
        "columns": [
            TOTAL_WORDS[answer.query.layer],
            "Share",
            *(MEASURE_WORDS[name] for name in used),
        ],
        "lines": _lines(answer, used),
        "totals": [answer.totals.total, *(answer.totals.amounts[name] for name in used)],
        "partial_steps": sum(step.state is StepState.PARTIAL for step in answer.steps),
        "missing_steps": sum(step.state is StepState.MISSING for step in answer.steps),
        "hides_rows": any(row.kind is LineKind.OTHERS for row in answer.rows),
        "average": _average(answer, now),
        "outside": _outside(answer),
    }


def _outside(answer: LayerAnswer) -> int | None:
    """What of a bill has nothing to do with Kubernetes."""
    if answer.query.layer is not Layer.CLOUD:
        return None
    return answer.totals.total - (answer.totals.amounts["kubernetes_cost"] or 0)


def _average(answer: LayerAnswer, now: dt.datetime) -> int | None:
    days = sum(
        max(dt.timedelta(), min(step.period.end, now) - step.period.start) / DAY * step.stored
        for step in answer.steps
    )
    return round(answer.totals.total / days) if days else None


def _lines(answer: LayerAnswer, used: Sequence[str]) -> list[TableLine]:
    whole = answer.totals.total
    tints = colours(
        ["/".join(row.key.values()) for row in answer.rows if row.kind is LineKind.ITEM]
    )
    special = {LineKind.UNNAMED: SPECIAL[Kind.UNALLOCATED], LineKind.OTHERS: SPECIAL[Kind.OTHERS]}
    return [
        TableLine(
            line=row,
            colour=special.get(row.kind) or tints["/".join(row.key.values())],
            share=row.total / whole if whole else None,
            amounts=[
                row.amounts.get("total"),
                *(row.amounts[name] for name in used),
            ],
        )
        for row in answer.rows
    ]


def _as_history(answer: LayerAnswer) -> HistoryAnswer:
    """The answer in the form the chart over time draws."""
    query = HistoryQuery(period=answer.query.period, scope=EVERYTHING, step=answer.query.step)
    return HistoryAnswer(
        query=query,
        currency=answer.currency,
        clusters=[cluster.slug for cluster in answer.clusters],
        excluded=[],
        steps=list[StepInfo](answer.steps),
        rows=[_history_row(row, answer.totals.total) for row in answer.rows],
        totals=_history_row(answer.totals, answer.totals.total).row,
        hidden_idle=None,
        ledger_total=answer.ledger_total,
        data_through=answer.data_through,
        unknown_rows=answer.totals.unknown_rows,
    )


_KINDS = {
    LineKind.ITEM: Kind.WORKLOAD,
    LineKind.UNNAMED: Kind.UNALLOCATED,
    LineKind.OTHERS: Kind.OTHERS,
    LineKind.TOTAL: Kind.TOTAL,
}


def _history_row(line: LayerLine, whole: int) -> HistoryRow:
    sums = Sums()
    sums.total = line.total
    row = sums.as_row(
        key=line.key,
        label=line.label,
        kind=_KINDS[line.kind],
        whole=whole,
        members=line.members,
    )
    return HistoryRow(row, line.points)


# The query bar ------------------------------------------------------------------------------------


def _words(name: str) -> str:
    if name.startswith(LABEL):
        return f"Label {name.removeprefix(LABEL)}"
    return DIMENSION_WORDS[name]


def _bar(query: LayerQuery, clusters: Sequence[tuple[str, str]]) -> dict[str, Any]:
    windows = dict(WINDOWS)
    asked = query.parameters()
    if query.window not in windows:
        windows[query.window] = period_words(query.period)
    offered = {name: DIMENSION_WORDS[name] for name in DIMENSIONS[query.layer]}
    chosen = ",".join(query.group_by)
    if chosen not in offered:
        offered[chosen] = " and ".join(_words(name) for name in query.group_by)
    own = default_step(query.period)
    own = Step.DAY if own is Step.HOUR else own
    steps = {str(step): word for step, word in STEPS.items() if step not in (Step.HOUR, own)}
    slugs = dict(clusters)
    if len(query.clusters) > 1:
        slugs[",".join(query.clusters)] = ", ".join(slugs.get(one, one) for one in query.clusters)
    return {
        "hidden": {
            "layer": query.layer.value,
            "limit": asked.get("limit", ""),
            "currency": query.currency,
            **({name: asked[name] for name in ("start", "end") if not query.window}),
        },
        "windows": choices(windows, query.window),
        "steps": [
            Choice("", f"Automatic ({STEPS[own].lower()})", query.step is own),
            *choices(steps, str(query.step)),
        ],
        "group_by": choices(offered, chosen),
        "clusters": choices(slugs, ",".join(query.clusters)),
    }


def parsed(
    parameters: dict[str, str], *, now: dt.datetime, scope: ReadScope
) -> tuple[LayerQuery, InvalidInput | None]:
    """The page's question, and what was wrong with it: then the rest of it is asked."""
    given = {name: value for name, value in parameters.items() if value}
    given.setdefault("layer", Layer.ASSETS.value)
    if given.get(
        "window"
    ):  # a word chosen next to the days of an earlier question: the word counts
        given.pop("start", None)
        given.pop("end", None)
    try:
        return LayerQuery.parse(given, now=now, scope=scope), None
    except InvalidInput as refused:
        rest = {name: value for name, value in given.items() if name != refused.field}
        rest.setdefault("layer", Layer.ASSETS.value)
        try:
            return LayerQuery.parse(rest, now=now, scope=scope), refused
        except InvalidInput:
            plain = {"layer": Layer.ASSETS.value}
            return LayerQuery.parse(plain, now=now, scope=scope), refused
