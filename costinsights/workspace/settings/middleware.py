"""Pages show instants in the workspace's time zone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from costinsights.accounts.models import Workspace
from costinsights.core.tenancy import on_public_schema
from costinsights.workspace.settings.zones import zone_of


class WorkspaceMiddleware:
    """Puts the workspace's settings on `request.workspace` and activates its time zone for the answer.

    Only for pages behind the sign-in: the API speaks UTC, and a stranger's page shows no instants.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (
            on_public_schema()
            or request.path.startswith("/api/")
            or not request.user.is_authenticated
        ):
            return self.get_response(request)
        workspace = Workspace.load()
        request.workspace = workspace  # type: ignore[attr-defined]  # set by a middleware
        with timezone.override(zone_of(workspace.display_time_zone)):
            return self.get_response(request)
