"""The banner of an outage: one, above the history page, for as long as it lasts."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from costinsights.core.notices import Notice
from costinsights.costs.history.models import IngestState

PAGE = "history"  # data health says it beside each cluster
MOST_NAMED = 3


def outage_notices(request: HttpRequest) -> list[Notice]:
    """Which clusters are left alone now because they keep failing, and why."""
    if getattr(request.resolver_match, "url_name", "") != PAGE:
        return []
    left_alone = IngestState.objects.filter(closed_until__gt=timezone.now())
    clusters = [
        state.cluster for state in left_alone.select_related("cluster").order_by("cluster__name")
    ]
    if not clusters:
        return []
    names = ", ".join(cluster.name for cluster in clusters[:MOST_NAMED])
    if len(clusters) > MOST_NAMED:
        names += f" and {len(clusters) - MOST_NAMED} more"
    verb = "is" if len(clusters) == 1 else "are"
    reason = f" {clusters[0].last_error_message}" if len(clusters) == 1 else ""
    return [
        Notice(
            level="warning",
            icon="alert-triangle",
            title=f"{names} {verb} not being read.",
            text=f"{reason} What is stored stays; what is missing is read when OpenCost answers again.".strip(),
            link=reverse("data-health"),
            link_label="Data health",
        )
    ]
