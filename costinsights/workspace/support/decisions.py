"""The tenant's decisions about support access, one way for pages and API."""

import datetime as dt
from typing import Final

from costinsights.accounts.models import Role, User
from costinsights.core.audit import record_event
from costinsights.core.errors import NotAllowed
from costinsights.core.tenancy import current_tenant
from tenants import support

# What may be decided, and the event that says so.
DECISIONS: Final = {
    "approve": "support.approved",
    "deny": "support.denied",
    "end": "support.ended",
}


def decide(*, member: User, grant_id: int, decision: str, at: dt.datetime) -> str:
    """Carry out `decision` and say what happened. Raises NotAllowed, NotFound, Conflict.

    Only an owner lets somebody in; an admin may send anybody away.
    """
    tenant = current_tenant()
    if decision == "end":
        grant = support.end(tenant=tenant, pk=grant_id, by=member.email, at=at)
        said = "Support access has ended."
    else:
        if not member.has_role(Role.OWNER):
            raise NotAllowed("Only an owner decides whether support may look in.")
        approve = decision == "approve"
        grant = support.decide(tenant=tenant, pk=grant_id, approve=approve, by=member.email, at=at)
        said = (
            f"{grant.staff.email} may read here for {grant.minutes} minutes."
            if approve
            else "The request is denied."
        )
    record_event(
        DECISIONS[decision],
        target=str(grant.pk),
        details={"staff": grant.staff.email, "reason": grant.reason},
    )
    return said
