"""The banners of support access: for the visitor, and for everybody whose workspace is looked into."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from costinsights.accounts.models import Role, User
from costinsights.core.notices import Notice
from costinsights.core.tenancy import current_tenant
from costinsights.workspace.support.visits import minutes_left, visitor_of
from tenants.models import GrantState, SupportGrant
from tenants.support import open_grants


def support_notices(request: HttpRequest) -> list[Notice]:
    """One banner for each request that waits and each grant in force."""
    visit = visitor_of(request)
    if visit is not None:
        return [_for_visitor(visit)]
    member = request.user
    if not isinstance(member, User):
        return []
    found = []
    for grant in open_grants(current_tenant(), timezone.now()):
        if grant.state == GrantState.APPROVED:
            found.append(_for_everybody(grant, member))
        elif member.has_role(Role.ADMIN):
            found.append(_asked(grant))
    return found


def _for_visitor(grant: SupportGrant) -> Notice:
    left = minutes_left(grant, timezone.now())
    return Notice(
        level="warning",
        icon="eye",
        title=f"You are looking into {current_tenant().name} as support.",
        text=f"Read-only, {left} minutes left. Every page you open is written to their audit log.",
        action_url=reverse("support-leave"),
        action_label="Leave",
    )


def _for_everybody(grant: SupportGrant, member: User) -> Notice:
    how = "without your approval (break-glass)" if grant.is_break_glass else "with your approval"
    left = minutes_left(grant, timezone.now())
    may_end = member.has_role(Role.ADMIN)
    return Notice(
        level="danger" if grant.is_break_glass else "warning",
        icon="eye",
        title="Cost Insights support may read in this workspace.",
        text=f"{grant.staff.email}, {how}, for {left} more minutes: {grant.reason}",
        link=reverse("support-access") if may_end else "",
        link_label="Details",
        action_url=reverse("support-decide", args=[grant.pk, "end"]) if may_end else "",
        action_label="End now",
    )


def _asked(grant: SupportGrant) -> Notice:
    return Notice(
        level="info",
        icon="lifebuoy",
        title="Cost Insights support asks to look into this workspace.",
        text=f"{grant.staff.email}, {grant.minutes} minutes, read-only: {grant.reason}",
        link=reverse("support-access"),
        link_label="Answer",
    )
