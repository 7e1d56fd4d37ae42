"""The lines of an answer as CSV."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer

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
