"""Answers about layers as plain documents and as tables. The shape is that of stored allocations."""

from collections.abc import Iterator, Sequence
from typing import Any

from costinsights.core.money import amount_text
from costinsights.core.periods import instant_text
from costinsights.core.tabular import Column, ColumnKind, Table
from costinsights.costs.layers.answers import LayerAnswer, LayerLine
from costinsights.costs.layers.beside import Beside, ClusterLayer, Overhead

_MONEY = ColumnKind.MONEY
_INSTANT = ColumnKind.INSTANT
_COLUMNS = (
    Column("label", description="The line for a person."),
    Column("kind", description="item, unnamed or others"),
    Column("step_start", _INSTANT, "UTC, included."),
    Column("step_end", _INSTANT, "UTC, excluded."),
    Column("state", description="How much of the step is stored: complete, partial or missing."),
    Column("currency", description="ISO 4217"),
    Column("total_cost", _MONEY, "In this step; empty where nothing is stored, which is not zero."),
    Column("completeness", ColumnKind.RATIO, "Stored share of the step's elapsed minutes, 0 to 1."),
)


def layer_document(answer: LayerAnswer) -> dict[str, Any]:
    """The body of GET /api/v1/costs/history with a layer."""
    query, totals = answer.query, answer.totals
    return {
        "layer": query.layer.value,
        "window": {
            "name": query.window,
            "start": instant_text(query.period.start),
            "end": instant_text(query.period.end),
        },
        "step": str(query.step),
        "currency": answer.currency,
        "query": {
            "group_by": list(query.group_by),
            "cluster": list(query.clusters),
            "limit": query.limit,
        },
        "clusters": [cluster.slug for cluster in answer.clusters],
        "excluded": [
            {
                "cluster": found.cluster,
                "name": found.name,
                "currency": found.currency,
                "reason": found.reason,
            }
            for found in answer.excluded
        ],
        "overlaps": [
            {"provider": found.provider, "account": found.account, "clusters": found.clusters}
            for found in answer.overlaps
        ],
        "data_through": instant_text(answer.data_through) if answer.data_through else None,
        "steps": [
            {
                "start": instant_text(step.period.start),
                "end": instant_text(step.period.end),
                "state": str(step.state),
                "completeness": float(step.share),
                "total": _amount(step.total),
            }
            for step in answer.steps
        ],
        "rows": [_row(row, totals.total) for row in answer.rows],
        "totals": _row(totals, totals.total),
        "reconciliation": {
            "rows_sum": amount_text(totals.total + answer.difference),
            "total": amount_text(totals.total),
            "difference": amount_text(answer.difference),
            "ledger_total": amount_text(answer.ledger_total),
            "unknown_rows": totals.unknown_rows,
        },
    }


def _row(line: LayerLine, whole: int) -> dict[str, Any]:
    return {
        "key": line.key,
        "label": line.label,
        "kind": str(line.kind),
        "total": amount_text(line.total),
        "amounts": {name: _amount(amount) for name, amount in line.amounts.items()},
        "share": round(line.total / whole, 6) if whole else None,
        "unknown_rows": line.unknown_rows,
        "members": line.members,
        "points": [_amount(point) for point in line.points],
    }


def _amount(micros: int | None) -> str | None:
    return None if micros is None else amount_text(micros)


def layer_table(answer: LayerAnswer) -> Table:
    """A row per line and step: the numbers and the order of the document."""
    return Table(
        columns=[*(Column(name) for name in answer.query.group_by), *_COLUMNS],
        rows=_table_rows(answer),
        notes={"layer": answer.query.layer.value, "currency": answer.currency},
    )


def _table_rows(answer: LayerAnswer) -> Iterator[Sequence[Any]]:
    for row in answer.rows:
        keys = [row.key.get(name, "") for name in answer.query.group_by]
        for step, point in zip(answer.steps, row.points, strict=True):
            period = step.period
            head = (*keys, row.label, str(row.kind), period.start, period.end)
            yield *head, str(step.state), answer.currency, point, step.share


def beside_document(found: Beside) -> dict[str, Any]:
    """The body of GET /api/v1/costs/layers."""
    return {
        "window": {
            "name": found.window,
            "start": instant_text(found.period.start),
            "end": instant_text(found.period.end),
        },
        "currency": found.currency,
        "layers": [
            {
                "layer": layer.layer.value,
                "total": _amount(layer.total),
                "outside_cost": _amount(layer.outside),
                "days": layer.days,
                "clusters": [_source(source) for source in layer.clusters],
            }
            for layer in found.layers
        ],
        "overhead": _overhead(found.overhead),
    }


def _source(source: ClusterLayer) -> dict[str, Any]:
    return {
        "cluster": source.cluster,
        "name": source.name,
        "state": source.state,
        "reason": source.message or None,
        "days": source.days,
        "data_through": source.through.isoformat() if source.through else None,
        "error_code": source.error_code or None,
        "error": source.error or None,
    }


def _overhead(found: Overhead | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "total": amount_text(found.total),
        "assets": amount_text(found.assets),
        "allocated": amount_text(found.allocated),
        "cluster_days": found.cluster_days,
        "parts": [
            {
                "name": part.name,
                "assets": amount_text(part.assets),
                "allocated": amount_text(part.allocated),
                "difference": amount_text(part.difference),
            }
            for part in found.parts
        ],
    }
