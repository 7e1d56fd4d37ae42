"""What the frame of every page shows of the workspace's settings."""

from django.http import HttpRequest
from django.urls import reverse

from costinsights.accounts.models import Workspace
from costinsights.workspace.support.visits import visitor_of


def logo_url(request: HttpRequest) -> str:
    """Where the logo is, with its digest; empty without one, and for a visitor, who opens pages only."""
    workspace = getattr(request, "workspace", None)
    if not isinstance(workspace, Workspace) or not workspace.logo_digest or visitor_of(request):
        return ""
    return f"{reverse('workspace-logo')}?v={workspace.logo_digest[:16]}"
