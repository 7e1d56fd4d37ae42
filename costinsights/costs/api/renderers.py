"""Answers as files: chosen by `Accept` or by `?format=`. Problems stay JSON documents."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer

from costinsights.core.tabular import PARQUET_TYPE
from costinsights.costs.current.answer import CurrentCosts
from costinsights.costs.documents import current_costs_csv


class CurrentCostsCSVRenderer(BaseRenderer):
    """For `Accept: text/csv` or `?format=csv`; problems stay JSON documents."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> str:
        if isinstance(data, CurrentCosts):
            return current_costs_csv(data)
        return json.dumps(data)


class _StreamedRenderer(BaseRenderer):
    """The view streams the file itself."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Only problems come here."""
        return JSONRenderer().render(data)


class StreamedCsvRenderer(_StreamedRenderer):
    """`Accept: text/csv` or `?format=csv`."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"


class StreamedParquetRenderer(_StreamedRenderer):
    """`Accept: application/vnd.apache.parquet` or `?format=parquet`."""

    media_type = PARQUET_TYPE
    format = "parquet"
    charset = None
    render_style = "binary"
