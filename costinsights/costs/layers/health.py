"""How complete the layers are: a row per cluster and layer, its days as a strip, what went wrong last."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from costinsights.core.periods import DAY, utc_day
from costinsights.core.templatetags.display import money_text
from costinsights.costs.history.health import NOT_PLANNED, WORDS
from costinsights.costs.history.models import SnapshotState
from costinsights.costs.layers.models import (
    LAYER_NAMES,
    LayerSource,
    LayerWindow,
    SourceState,
)
from costinsights.costs.models import Cluster
from costinsights.opencost.layer_rows import Layer

DAYS_SHOWN: Final = 35


@dataclass(frozen=True, slots=True)
class DayCell:
    """A day of the strip. `state` is the ledger's, or `none`; `words` says everything about it."""

    day: dt.date
    state: str
    is_restated: bool
    words: str


@dataclass(frozen=True, slots=True)
class LayerHealth:
    """One layer of one cluster. `state` is the badge's: ok, waiting, failed or none (its OpenCost has it not)."""

    layer: Layer
    name: str
    state: str
    words: str
    days_stored: int
    cells: list[DayCell]
    error: str
    error_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class ClusterLayers:
    """A cluster with its layers."""

    cluster: Cluster
    layers: list[LayerHealth]


def layers_health(clusters: Iterable[Cluster], *, now: dt.datetime) -> list[ClusterLayers]:
    """Each cluster's layers over the last weeks."""
    found = list(clusters)
    first = (utc_day(now) - DAYS_SHOWN * DAY).date()
    sources = {
        (source.cluster_id, source.layer): source
        for source in LayerSource.objects.filter(cluster__in=found)
    }
    windows: dict[tuple[int, str], dict[dt.date, LayerWindow]] = {}
    for window in LayerWindow.objects.filter(cluster__in=found, day__gte=first):
        windows.setdefault((window.cluster_id, window.layer), {})[window.day] = window
    return [
        ClusterLayers(
            cluster,
            [
                _health(
                    cluster,
                    layer,
                    sources.get((cluster.pk, layer.value)),
                    windows.get((cluster.pk, layer.value), {}),
                    now,
                )
                for layer in Layer
            ],
        )
        for cluster in found
    ]


def _health(
    cluster: Cluster,
    layer: Layer,
    source: LayerSource | None,
    days: dict[dt.date, LayerWindow],
    now: dt.datetime,
) -> LayerHealth:
    state, words = _words(source)
    yesterday = (utc_day(now) - DAY).date()
    shown = [yesterday - number * DAY for number in reversed(range(DAYS_SHOWN))]
    return LayerHealth(
        layer=layer,
        name=LAYER_NAMES[layer],
        state=state,
        words=words,
        days_stored=sum(window.revision > 0 for window in days.values()),
        cells=[_cell(cluster, day, days.get(day)) for day in shown] if days else [],
        error=source.error_message if source else "",
        error_at=source.error_at if source else None,
    )


def _words(source: LayerSource | None) -> tuple[str, str]:
    if source is None or (source.state == SourceState.UNKNOWN and not source.error_code):
        return "waiting", "Not asked yet."
    if source.error_code:
        return "failed", source.error_message
    if source.state == SourceState.ABSENT:
        again = f" Asked again on {source.ask_again_at:%-d %b}." if source.ask_again_at else ""
        return "none", f"{source.message}{again}"
    return "ok", ""


def _cell(cluster: Cluster, day: dt.date, window: LayerWindow | None) -> DayCell:
    when = f"{day:%-d %b %Y}"
    if window is None:
        return DayCell(day, NOT_PLANNED, False, f"{when}: {WORDS[NOT_PLANNED]}")
    words = f"{when}: {WORDS[SnapshotState(window.state)]}"
    if window.revision:
        words += f", {money_text(window.total, cluster.currency)}"
    if window.revision > 1:
        words += ". Restated"
    if window.error_message and window.state == SnapshotState.FAILED:
        words += f". {window.error_message}"
    return DayCell(day, window.state, window.revision > 1, words)
