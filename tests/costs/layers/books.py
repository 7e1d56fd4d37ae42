"""Writing days of layers as a worker would, and reading them back past every query of the product."""

import datetime as dt
from typing import Any

from django.db import connection

from costinsights.costs.history.models import SnapshotState
from costinsights.costs.history.writer import Written
from costinsights.costs.layers.facts import day_facts
from costinsights.costs.layers.models import LayerSource, LayerWindow, SourceState
from costinsights.costs.layers.writer import Reading, write_day
from costinsights.costs.models import Cluster
from costinsights.opencost.layer_rows import Layer, LayerAnswer, LayerCost

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
FIRST = dt.date(2026, 10, 28)


def layer_cost(layer: Layer, total: int | None, **names: Any) -> LayerCost:
    """A row of a layer; an asset's whole cost stands under `other_cost`."""
    if layer is Layer.ASSETS:
        parts = dict.fromkeys(
            ("cpu_cost", "ram_cost", "gpu_cost", "discount_cost", "adjustment_cost"), 0
        )
        names = {"other_cost": total, "minutes": 1440.0, **parts, **names}
    return LayerCost(layer=layer, total=total, **names)


def layer_stored(cluster: Cluster, day: dt.date, rows: list[LayerCost]) -> Written:
    """Write a day's rows as a worker would that holds it. The rows are of one layer."""
    layer = rows[0].layer
    LayerSource.objects.update_or_create(
        cluster=cluster, layer=layer, defaults={"state": SourceState.PRESENT}
    )
    window, _ = LayerWindow.objects.get_or_create(cluster=cluster, layer=layer, day=day)
    answer = LayerAnswer(layer, rows, "", 0)
    return write_day(window, day_facts(answer), reading(), attempt=window.attempt)


def reading() -> Reading:
    return Reading(NOW, 0.1, "1.120.1", "", 0)


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def ledger_total(layer: Layer) -> int:
    return sum(LayerWindow.objects.filter(layer=layer).values_list("total", flat=True))


def every_row() -> list[tuple[Any, ...]]:
    """All facts by names instead of ids, so that two stores can be compared."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.cluster_id, d.layer, d.day, i.sha256, d.total_cost, d.list_cost, d.kubernetes_cost, "
            "d.unknown_rows FROM costs_layerday d JOIN costs_layeritem i ON i.id = d.item_id ORDER BY 1, 2, 3, 4"
        )
        return list(cursor.fetchall())


def states(layer: Layer) -> dict[dt.date, SnapshotState]:
    return {
        window.day: SnapshotState(window.state)
        for window in LayerWindow.objects.filter(layer=layer)
    }
