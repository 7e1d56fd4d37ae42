"""What OPTIONS says of an endpoint."""

from typing import Any

from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request
from rest_framework.views import APIView

from costinsights.core.errors import ApplicationError


class GatedMetadata(SimpleMetadata):
    """For endpoints that both read and change: where a plan lets only read, OPTIONS names no action."""

    def determine_actions(self, request: Request, view: APIView) -> dict[str, Any]:
        try:
            found: dict[str, Any] = super().determine_actions(request, view)
        except ApplicationError:
            return {}
        return found
