"""Answering a question about a layer: lines, their series, what is stored, and the proof that they add up.

From the layer's own tables alone. Nothing here reads or changes an allocation.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from django.db import connection

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import DAY, ChargePeriod
from costinsights.core.tenancy import current_tenant
from costinsights.costs.history.answers import StepInfo
from costinsights.costs.history.completeness import StepState
from costinsights.costs.history.models import Grain
from costinsights.costs.history.steps import Step, Steps
from costinsights.costs.history.writer import FULL_MINUTES
from costinsights.costs.layers.models import (
    AMOUNT_COLUMNS,
    LayerSource,
    LayerWindow,
    SourceState,
)
from costinsights.costs.layers.query import LABEL, LayerQuery
from costinsights.costs.models import Cluster
from costinsights.costs.selectors import chosen_clusters
from costinsights.opencost.layer_rows import MEASURES_OF

UNNAMED: Final = "__unallocated__"  # the word for "has no value" that allocations use too
_DAY_MINUTES: Final = 1440


class LineKind(StrEnum):
    """What a line stands for."""

    ITEM = "item"
    UNNAMED = "unnamed"  # a dimension asked for has no value
    OTHERS = "others"  # everything past the limit
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class LayerExcluded:
    """A cluster that takes no part, and why."""

    cluster: str
    name: str
    currency: str
    reason: str


@dataclass(slots=True)
class LayerLine:
    """One line: amounts in micro-units by measure, None where nothing of it is known.

    `total` is what is known; `unknown_rows` counts the rows whose cost is not.
    """

    key: dict[str, str]
    label: str
    kind: LineKind
    total: int
    amounts: dict[str, int | None]
    unknown_rows: int
    points: list[int | None]
    members: int = 1


@dataclass(frozen=True, slots=True)
class Overlap:
    """A billing account that several clusters deliver: its costs stand in the total more than once."""

    provider: str
    account: str
    clusters: list[str]


@dataclass(frozen=True, slots=True)
class LayerAnswer:
    """What the store says. Σ rows = total at every step and over the period, to the micro-unit."""

    query: LayerQuery
    currency: str
    clusters: list[Cluster]
    excluded: list[LayerExcluded]
    steps: list[StepInfo]
    rows: list[LayerLine]
    totals: LayerLine
    ledger_total: int
    data_through: dt.datetime | None
    overlaps: list[Overlap] = field(default_factory=list)

    @property
    def difference(self) -> int:
        """Σ rows − total; anything but 0 is a defect."""
        return sum(row.total for row in self.rows) - self.totals.total

    @property
    def last_day(self) -> dt.date | None:
        """The last day that every cluster has."""
        return None if self.data_through is None else (self.data_through - DAY).date()

    @property
    def has_data(self) -> bool:
        return any(step.state is not StepState.MISSING for step in self.steps)


def layer_history(query: LayerQuery, *, now: dt.datetime) -> LayerAnswer:
    """Answer from the store alone. Raises InvalidInput for a cluster or a currency there is not."""
    clusters, excluded, currency = _participants(query)
    windows = _windows(query, clusters)
    lines = _ranked(query, clusters)
    shown, rest = lines[: query.limit], lines[query.limit :]
    steps = Steps(query.period, query.step)
    infos = _steps(list(steps), windows, len(clusters), now)
    places = {start.date(): place for place, start in enumerate(steps.starts())}
    _add_points(query, clusters, shown, infos, places)
    totals = _sum(lines, "Total", LineKind.TOTAL)
    totals.points = [info.total for info in infos]
    if rest:
        others = _sum(rest, f"Others ({len(rest):,})", LineKind.OTHERS)
        others.points = [
            None if whole is None else whole - sum(line.points[place] or 0 for line in shown)
            for place, whole in enumerate(totals.points)
        ]
        shown.append(others)
    return LayerAnswer(
        query=query,
        currency=currency,
        clusters=clusters,
        excluded=excluded,
        steps=infos,
        rows=shown,
        totals=totals,
        ledger_total=sum(window.total for window in windows),
        data_through=_data_through(clusters, windows),
        overlaps=_overlaps(query, clusters),
    )


# Who takes part -----------------------------------------------------------------------------------


def _participants(query: LayerQuery) -> tuple[list[Cluster], list[LayerExcluded], str]:
    """The clusters that have the layer, in one currency; the others by name with the reason."""
    chosen = chosen_clusters(query.clusters)
    sources = {
        source.cluster_id: source for source in LayerSource.objects.filter(layer=query.layer)
    }
    stored = set(
        LayerWindow.objects.filter(layer=query.layer, revision__gt=0)
        .values_list("cluster_id", flat=True)
        .distinct()
    )
    having = [cluster for cluster in chosen if cluster.pk in stored]
    currency = currency_of(query.currency, chosen, having)
    taking_part, excluded = [], []
    for cluster in chosen:
        if cluster.pk not in stored:
            reason = _absent_words(sources.get(cluster.pk))
        elif cluster.currency != currency:
            reason = f"Its costs are in {cluster.currency}; this answer is in {currency}, and layers are not converted."
        else:
            taking_part.append(cluster)
            continue
        excluded.append(LayerExcluded(cluster.slug, cluster.name, cluster.currency, reason))
    return taking_part, excluded, currency


def currency_of(asked: str, chosen: Sequence[Cluster], having: Sequence[Cluster]) -> str:
    """The answer's currency: as asked, else the tenant's where some cluster has it, else the most common."""
    used = Counter(cluster.currency for cluster in having)
    if asked:
        known = {cluster.currency for cluster in chosen}
        if known and asked not in known:
            raise InvalidInput(
                f"No chosen cluster's costs are in {asked}; there is {', '.join(sorted(known))}.",
                field="currency",
                value=asked,
            )
        return asked
    own = current_tenant().reporting_currency
    if own in used or not used:
        return own
    return min(used, key=lambda code: (-used[code], code))


def _absent_words(source: LayerSource | None) -> str:
    if source is None or source.state == SourceState.UNKNOWN:
        return "Its OpenCost has not been asked yet."
    if source.state == SourceState.ABSENT:
        return source.message
    return "Nothing is stored of it yet."


# What is stored -----------------------------------------------------------------------------------


def _windows(query: LayerQuery, clusters: Sequence[Cluster]) -> list[LayerWindow]:
    return list(
        LayerWindow.objects.filter(
            cluster__in=clusters,
            layer=query.layer,
            day__gte=query.period.start.date(),
            day__lt=query.period.end.date(),
            revision__gt=0,
        ).only("cluster_id", "day", "total", "unknown_rows", "minutes_covered")
    )


def _steps(
    periods: Sequence[ChargePeriod],
    windows: Sequence[LayerWindow],
    clusters: int,
    now: dt.datetime,
) -> list[StepInfo]:
    found = []
    for period in periods:
        first, end = period.start.date(), period.end.date()
        held = [window for window in windows if first <= window.day < end]
        minutes = [_covered(window) for window in held]
        elapsed = max(0.0, (min(period.end, now) - period.start).total_seconds() / 60)
        most: dict[dt.date, int] = {}
        for window, covered in zip(held, minutes, strict=True):
            most[window.day] = max(most.get(window.day, 0), covered)
        share = min(1.0, sum(minutes) / (elapsed * clusters)) if elapsed and clusters else 0.0
        found.append(
            StepInfo(
                period=period,
                state=_state(share, is_over=period.end <= now) if held else StepState.MISSING,
                completeness=share,
                stored=min(1.0, sum(most.values()) / elapsed) if elapsed else 0.0,
                total=sum(window.total for window in held) if held else None,
            )
        )
    return found


def _covered(window: LayerWindow) -> int:
    full = window.minutes_covered >= FULL_MINUTES[Grain.DAY]
    return _DAY_MINUTES if full else window.minutes_covered


def _state(share: float, *, is_over: bool) -> StepState:
    complete = is_over and share >= FULL_MINUTES[Grain.DAY] / _DAY_MINUTES
    return StepState.COMPLETE if complete else StepState.PARTIAL


def _data_through(
    clusters: Sequence[Cluster], windows: Sequence[LayerWindow]
) -> dt.datetime | None:
    """The instant up to which every cluster has the layer; None when one has none of the period."""
    last: dict[int, dt.date] = {}
    for window in windows:
        last[window.cluster_id] = max(last.get(window.cluster_id, window.day), window.day)
    if not clusters or len(last) < len(clusters):
        return None
    return dt.datetime.combine(min(last.values()), dt.time(), dt.UTC) + DAY


# What it adds up to -------------------------------------------------------------------------------


def _keys(query: LayerQuery) -> tuple[list[str], list[Any]]:
    """The SQL of each dimension, and its parameters. Names come from our own list."""
    texts, parameters = [], []
    for name in query.group_by:
        if name == "cluster":
            texts.append("d.cluster_id::text")
        elif name.startswith(LABEL):
            texts.append("coalesce(i.labels ->> %s, '')")
            parameters.append(name.removeprefix(LABEL))
        else:
            texts.append(f"i.{name}")
    return texts, parameters


# By the id alone: with the item's cluster and layer in the condition, planners without fresh statistics look items up
# by those, and read hundreds of them for each fact.
_FROM: Final = "FROM costs_layerday d JOIN costs_layeritem i ON i.id = d.item_id "
_WHERE: Final = "d.cluster_id = ANY(%s) AND d.layer = %s AND d.day >= %s AND d.day < %s"


def _within(query: LayerQuery, clusters: Sequence[Cluster]) -> list[Any]:
    first, end = query.period.start.date(), query.period.end.date()
    return [[cluster.pk for cluster in clusters], query.layer.value, first, end]


def _ranked(query: LayerQuery, clusters: Sequence[Cluster]) -> list[LayerLine]:
    """Every line with what it adds up to, the largest first; points come later."""
    keys, parameters = _keys(query)
    sums = ", ".join(f"sum(d.{name})::bigint" for name in AMOUNT_COLUMNS)
    places = ", ".join(str(place + 1) for place in range(len(keys)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(keys)}, sum(d.unknown_rows)::int, {sums} {_FROM}"
            f"WHERE {_WHERE} GROUP BY {places}",
            [*parameters, *_within(query, clusters)],
        )
        rows = cursor.fetchall()
    count = len(keys)
    found = [_line(query, clusters, row[:count], row[count], row[count + 1 :]) for row in rows]
    return sorted(found, key=lambda line: (-line.total, tuple(line.key.values())))


def _line(
    query: LayerQuery,
    clusters: Sequence[Cluster],
    values: Sequence[str],
    unknown_rows: int,
    amounts: Sequence[int | None],
) -> LayerLine:
    slugs = {str(cluster.pk): cluster.slug for cluster in clusters}
    names = {cluster.slug: cluster.name for cluster in clusters}
    key = {
        name: (slugs[value] if name == "cluster" else value) or UNNAMED
        for name, value in zip(query.group_by, values, strict=True)
    }
    words = [
        names.get(value, value)
        if name == "cluster"
        else ("Not named" if value == UNNAMED else value)
        for name, value in key.items()
    ]
    by_column = dict(zip(AMOUNT_COLUMNS, amounts, strict=True))
    return LayerLine(
        key=key,
        label=" / ".join(words),
        kind=LineKind.UNNAMED if UNNAMED in key.values() else LineKind.ITEM,
        total=by_column["total_cost"] or 0,
        amounts={
            name: by_column["total_cost" if name == "total" else name]
            for name in MEASURES_OF[query.layer]
        },
        unknown_rows=unknown_rows,
        points=[],
    )


def _sum(lines: Sequence[LayerLine], label: str, kind: LineKind) -> LayerLine:
    amounts: dict[str, int | None] = {}
    for line in lines:
        for name, amount in line.amounts.items():
            held = amounts.get(name)
            amounts[name] = held if amount is None else (held or 0) + amount
    return LayerLine(
        key={},
        label=label,
        kind=kind,
        total=sum(line.total for line in lines),
        amounts=amounts,
        unknown_rows=sum(line.unknown_rows for line in lines),
        points=[],
        members=len(lines),
    )


def _add_points(
    query: LayerQuery,
    clusters: Sequence[Cluster],
    shown: Sequence[LayerLine],
    infos: Sequence[StepInfo],
    places: Mapping[dt.date, int],
) -> None:
    """Give each shown line its amount in each step: 0 where something is stored and nothing is its."""
    for line in shown:
        line.points = [None if info.total is None else 0 for info in infos]
    if not shown:
        return
    keys, parameters = _keys(query)
    pks = {cluster.slug: str(cluster.pk) for cluster in clusters}
    columns = [
        [
            pks[line.key[name]]
            if name == "cluster"
            else ("" if line.key[name] == UNNAMED else line.key[name])
            for line in shown
        ]
        for name in query.group_by
    ]
    listed = ", ".join(f"k{place}" for place in range(len(keys)))
    matches = " AND ".join(f"line.k{place} = {key}" for place, key in enumerate(keys))
    arrays = ", ".join("%s::text[]" for _ in keys)
    bucket = "d.day" if query.step is Step.DAY else f"date_trunc('{query.step}', d.day)::date"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT line.place, {bucket}, coalesce(sum(d.total_cost), 0)::bigint {_FROM}"
            f"JOIN unnest({arrays}, %s::int[]) AS line({listed}, place) ON {matches} "
            f"WHERE {_WHERE} GROUP BY 1, 2",
            [*columns, list(range(len(shown))), *parameters, *_within(query, clusters)],
        )
        for line_place, at, amount in cursor.fetchall():
            points, place = shown[line_place].points, places[at]
            points[place] = (points[place] or 0) + amount


def _overlaps(query: LayerQuery, clusters: Sequence[Cluster]) -> list[Overlap]:
    """Accounts that more than one cluster's OpenCost delivers. Machines belong to one cluster each."""
    if len(clusters) < 2 or query.layer == "assets":
        return []
    slugs = {cluster.pk: cluster.slug for cluster in clusters}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(nullif(i.provider, ''), i.domain), coalesce(nullif(i.account, ''), i.billing_account), "
            f"array_agg(DISTINCT d.cluster_id) {_FROM} WHERE {_WHERE} "
            "GROUP BY 1, 2 HAVING count(DISTINCT d.cluster_id) > 1 ORDER BY 1, 2",
            _within(query, clusters),
        )
        return [
            Overlap(provider, account, sorted(slugs[pk] for pk in pks))
            for provider, account, pks in cursor.fetchall()
        ]
