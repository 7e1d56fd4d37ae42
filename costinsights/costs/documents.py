"""Answers as plain documents: what the API sends, and the rows of the CSV export.

Written by hand rather than by serializers: an answer has a hundred lines of forty values, and building
them is most of what a cached request costs. The serializers in `api` describe the same document, and a test
holds one against the other.
"""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from costinsights.core.csv_cells import safe_cells
from costinsights.core.money import amount_text
from costinsights.core.periods import instant_text
from costinsights.costs.current.answer import CurrentCosts, Source
from costinsights.costs.current.grouping import Reconciliation
from costinsights.costs.current.query import CurrentCostQuery
from costinsights.costs.current.rows import CostRow, Flag
from costinsights.costs.rates import Rate, rates_text
from costinsights.opencost.schema import COMPONENTS


def current_costs_document(costs: CurrentCosts) -> dict[str, Any]:
    """The body of GET /api/v1/costs/current. Money is text with six decimals."""
    query = costs.query
    return {
        "window": {
            "name": query.window,
            "start": instant_text(costs.window.start),
            "end": instant_text(costs.window.end),
        },
        "as_of": _instant(costs.as_of),
        "currency": costs.currency,
        "query": {
            "aggregate": [str(dimension) for dimension in query.aggregate],
            "filter": query.filter_text,
            "cluster": list(query.clusters),
            "idle": str(query.idle),
            "limit": query.limit,
            "sort": str(query.sort),
        },
        "conversions": [conversion_document(rate) for rate in costs.conversions],
        "sample": costs.is_sample,
        "sources": [_source(source) for source in costs.sources],
        "rows": [row_document(row) for row in costs.rows],
        "totals": row_document(costs.totals),
        "hidden_idle": None if costs.hidden_idle is None else amount_text(costs.hidden_idle),
        "kpis": {
            "total": amount_text(costs.kpis.total),
            "idle": None if costs.kpis.idle is None else amount_text(costs.kpis.idle),
            "unallocated": amount_text(costs.kpis.unallocated),
            "efficiency": ratio_or_none(costs.kpis.efficiency),
        },
        "reconciliation": _reconciliation(costs.reconciliation),
        "complete": not costs.is_partial and not costs.is_pending,
        "refreshing": costs.is_refreshing,
    }


def _source(source: Source) -> dict[str, Any]:
    return {
        "cluster": source.cluster,
        "name": source.name,
        "currency": source.currency,
        "state": str(source.state),
        "code": source.code or None,
        "reason": source.reason or None,
        "as_of": _instant(source.as_of),
        "age_seconds": source.age_seconds,
        "rows": source.rows,
        "missing_days": source.missing_days,
        "sample": source.is_sample,
    }


def conversion_document(rate: Rate) -> dict[str, Any]:
    """An exchange rate that was used, as the API shows it."""
    return {
        "currency": rate.currency,
        "rate": rate.text,
        "valid_from": None if rate.valid_from is None else rate.valid_from.isoformat(),
        "source": rate.source,
    }


def row_document(row: CostRow) -> dict[str, Any]:
    """A line as the API shows it."""
    return {
        "key": row.key,
        "label": row.label,
        "kind": str(row.kind),
        "components": {name: amount_text(amount) for name, amount in row.components.items()},
        "total": amount_text(row.total),
        "hours": {
            "cpu_core": row.hours.cpu_core,
            "ram_gib": row.hours.ram_gib,
            "gpu": row.hours.gpu,
            "pv_gib": row.hours.pv_gib,
        },
        "efficiency": {
            "cpu": ratio_or_none(row.efficiency.cpu),
            "ram": ratio_or_none(row.efficiency.ram),
            "total": ratio_or_none(row.efficiency.total),
        },
        "share": ratio_or_none(row.share),
        "flags": [str(flag) for flag in row.flags],
        "members": row.members,
    }


def _reconciliation(found: Reconciliation) -> dict[str, Any]:
    return {
        "rows_sum": amount_text(found.rows_sum),
        "total": amount_text(found.total),
        "difference": amount_text(found.difference),
        "opencost_total": amount_text(found.opencost_total),
        "opencost_difference": amount_text(found.opencost_difference),
        "unknown_rows": found.unknown_rows,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def ratio_or_none(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


# CSV --------------------------------------------------------------------------------------------


def csv_columns(query: CurrentCostQuery) -> list[str]:
    """The export's columns: those grouped by, then always the same."""
    return [
        *(str(dimension) for dimension in query.aggregate),
        "label",
        "kind",
        "window_start",
        "window_end",
        "currency",
        *(f"{name}_cost" for name in COMPONENTS),
        "total_cost",
        "share",
        "cpu_efficiency",
        "ram_efficiency",
        "efficiency",
        "cpu_core_hours",
        "ram_gib_hours",
        "gpu_hours",
        "pv_gib_hours",
        "flags",
        "conversions",
        "sample",
    ]


def current_costs_csv(costs: CurrentCosts) -> str:
    """The lines as CSV, comma separated, one header line, without a total line: summing gives it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(safe_cells(csv_columns(costs.query)))
    writer.writerows(_csv_rows(costs))
    return out.getvalue()


def _csv_rows(costs: CurrentCosts) -> Iterator[list[object]]:
    start, end = instant_text(costs.window.start), instant_text(costs.window.end)
    conversions = rates_text(costs.conversions)
    for row in costs.rows:
        names = [row.key.get(str(dimension), "") for dimension in costs.query.aggregate]
        yield [
            *safe_cells([*names, row.label, str(row.kind), start, end, costs.currency]),
            *(amount_text(row.components[name]) for name in COMPONENTS),
            amount_text(row.total),
            row.share,
            row.efficiency.cpu,
            row.efficiency.ram,
            row.efficiency.total,
            row.hours.cpu_core,
            row.hours.ram_gib,
            row.hours.gpu,
            row.hours.pv_gib,
            " ".join(str(flag) for flag in row.flags),
            conversions,
            "true" if Flag.SAMPLE in row.flags else "false",
        ]


def csv_file_name(costs: CurrentCosts, tenant_slug: str) -> str:
    """`acme_namespace_2026-09-01_2026-09-30.csv`, the end day included."""
    by = "-".join(dimension.name for dimension in costs.query.aggregate)
    first = costs.window.start.date()
    last = (costs.window.end - (costs.window.end - costs.window.start) / 10**9).date()
    sample = "sample-data_" if costs.is_sample else ""
    return f"{sample}{tenant_slug}_{by}_{first}_{last}.csv"
