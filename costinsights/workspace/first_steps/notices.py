"""The banner that keeps sample data from being taken for costs."""

from django.http import HttpRequest
from django.urls import reverse

from costinsights.accounts.models import Role, User
from costinsights.core.notices import Notice
from costinsights.costs.models import Cluster


def sample_data_notice(request: HttpRequest) -> list[Notice]:
    """One banner while sample data are loaded, on every page and for everybody."""
    kinds = set(Cluster.objects.values_list("is_demo", flat=True).distinct())
    if True not in kinds:
        return []
    member = request.user
    may_remove = isinstance(member, User) and member.has_role(Role.ADMIN)
    text = (
        "It is left out of “all clusters” now that a real one is connected."
        if False in kinds
        else "Its numbers are generated, not costs of yours."
    )
    return [
        Notice(
            level="warning",
            icon="flask",
            title="Sample data is loaded.",
            text=text,
            action_url=reverse("sample-data-remove") if may_remove else "",
            action_label="Remove sample data",
        )
    ]
