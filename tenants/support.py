"""Staff looking into a tenant: ask, decide, enter, end.

A grant names one staff member, one tenant, one reason and an end. Everything here works on the public
schema; the tenant's side (pages, banner, its own audit entries) is `costinsights.workspace.support`.
"""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Final

from django.core import signing
from django.core.cache import caches
from django.db import transaction
from django.db.models import QuerySet

from costinsights.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from costinsights.core.tenancy import TenantLike, public_context
from tenants.models import (
    LONGEST_BREAK_GLASS,
    LONGEST_GRANT,
    GrantState,
    StaffUser,
    SupportGrant,
)

TICKET_SECONDS: Final = 60
_SALT: Final = "tenants.support.ticket"
SHORTEST_REASON: Final = 10


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a redeemed ticket says: which grant, and whose it is."""

    grant: SupportGrant


def ask(*, tenant: TenantLike, staff: StaffUser, reason: str, minutes: int) -> SupportGrant:
    """Ask a tenant's owner for leave to look in. Raises InvalidInput, Conflict when one is under way."""
    _check(reason=reason, minutes=minutes, longest=LONGEST_GRANT)
    with public_context(), transaction.atomic():
        _refuse_a_second(tenant, staff)
        return SupportGrant.objects.create(
            tenant_id=tenant.pk, staff=staff, reason=reason.strip(), minutes=minutes
        )


def break_glass(
    *, tenant: TenantLike, staff: StaffUser, reason: str, minutes: int, at: dt.datetime
) -> SupportGrant:
    """Look in without waiting for the owner, who is told at once. Raises InvalidInput, Conflict."""
    _check(reason=reason, minutes=minutes, longest=LONGEST_BREAK_GLASS)
    with public_context(), transaction.atomic():
        _refuse_a_second(tenant, staff)
        return SupportGrant.objects.create(
            tenant_id=tenant.pk,
            staff=staff,
            reason=reason.strip(),
            minutes=minutes,
            is_break_glass=True,
            state=GrantState.APPROVED,
            expires_at=at + dt.timedelta(minutes=minutes),
        )


def decide(*, tenant: TenantLike, pk: int, approve: bool, by: str, at: dt.datetime) -> SupportGrant:
    """The owner's answer. Raises NotFound, and Conflict when it was answered or withdrawn already."""
    with public_context(), transaction.atomic():
        grant = _locked(tenant, pk)
        if grant.state != GrantState.REQUESTED:
            raise Conflict("This request was answered already.")
        grant.state = GrantState.APPROVED if approve else GrantState.DENIED
        grant.decided_by, grant.decided_at = by, at
        if approve:
            grant.expires_at = at + dt.timedelta(minutes=grant.minutes)
        grant.save(update_fields=["state", "decided_by", "decided_at", "expires_at"])
        return grant


def end(*, tenant: TenantLike, pk: int, by: str, at: dt.datetime) -> SupportGrant:
    """End a grant, or withdraw a request, now. Ending twice changes nothing. Raises NotFound."""
    with public_context(), transaction.atomic():
        grant = _locked(tenant, pk)
        if grant.state in (GrantState.APPROVED, GrantState.REQUESTED) and grant.ended_at is None:
            grant.state, grant.ended_at = GrantState.ENDED, at
            grant.decided_by = grant.decided_by or by
            grant.save(update_fields=["state", "ended_at", "decided_by"])
        return grant


def grants_of(tenant: TenantLike, *, limit: int = 100) -> list[SupportGrant]:
    """The newest grants and requests of a tenant, with their staff members."""
    with public_context():
        rows = SupportGrant.objects.filter(tenant_id=tenant.pk).select_related("staff")
        return list(rows[:limit])


def grant_of(tenant: TenantLike, pk: int) -> SupportGrant:
    """One grant or request of a tenant. Raises NotFound."""
    with public_context():
        return _found(SupportGrant.objects.select_related("staff"), tenant, pk)


def open_grants(tenant: TenantLike, at: dt.datetime) -> list[SupportGrant]:
    """Requests that wait and grants in force."""
    with public_context():
        rows = SupportGrant.objects.filter(
            tenant_id=tenant.pk, state__in=[GrantState.REQUESTED, GrantState.APPROVED]
        ).select_related("staff")
        return [
            grant for grant in rows if grant.state == GrantState.REQUESTED or grant.is_in_force(at)
        ]


def grant_in_force(tenant: TenantLike, pk: int, at: dt.datetime) -> SupportGrant | None:
    """The grant behind a visit if it still holds for this tenant and its staff member may still work."""
    with public_context():
        grant = (
            SupportGrant.objects.filter(tenant_id=tenant.pk, pk=pk).select_related("staff").first()
        )
    if grant is None or not grant.is_in_force(at) or not grant.staff.is_active:
        return None
    return grant


# Entering: from the staff host to the tenant's, which share no cookie ---------------------------


def make_ticket(*, grant: SupportGrant, staff: StaffUser, at: dt.datetime) -> str:
    """A ticket that opens the tenant's door once within a minute. Raises NotAllowed."""
    if grant.staff_id != staff.pk or not grant.is_in_force(at):
        raise NotAllowed("This grant is not yours or not in force.")
    return signing.dumps(
        {"grant": grant.pk, "tenant": grant.tenant_id, "once": secrets.token_urlsafe(16)},
        salt=_SALT,
    )


def redeem_ticket(*, tenant: TenantLike, text: str, at: dt.datetime) -> Ticket:
    """What a ticket opens. Raises NotAllowed for one that is forged, late, used or another tenant's."""
    refused = NotAllowed("This link has been used or is too old. Enter again from the staff site.")
    try:
        told = signing.loads(text, salt=_SALT, max_age=TICKET_SECONDS)
    except signing.BadSignature as error:
        raise refused from error
    if told["tenant"] != tenant.pk:
        raise refused
    if not caches["shared"].add(f"support-ticket:{told['once']}", 1, timeout=2 * TICKET_SECONDS):
        raise refused
    grant = grant_in_force(tenant, told["grant"], at)
    if grant is None:
        raise refused
    return Ticket(grant)


def _check(*, reason: str, minutes: int, longest: dt.timedelta) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise InvalidInput(
            f"Say why in {SHORTEST_REASON} characters or more: the workspace's owner reads it.",
            field="reason",
            value=reason,
        )
    most = int(longest.total_seconds() // 60)
    if not 5 <= minutes <= most:
        raise InvalidInput(f"Choose 5 to {most} minutes.", field="minutes", value=minutes)


def _refuse_a_second(tenant: TenantLike, staff: StaffUser) -> None:
    """One open request or grant per staff member and tenant."""
    StaffUser.objects.select_for_update().get(pk=staff.pk)
    now = dt.datetime.now(dt.UTC)
    open_ones = SupportGrant.objects.filter(
        tenant_id=tenant.pk,
        staff=staff,
        state__in=[GrantState.REQUESTED, GrantState.APPROVED],
    )
    if any(grant.state == GrantState.REQUESTED or grant.is_in_force(now) for grant in open_ones):
        raise Conflict("You have an open request or grant for this workspace.")


def _locked(tenant: TenantLike, pk: int) -> SupportGrant:
    rows = SupportGrant.objects.select_for_update(of=("self",)).select_related("staff")
    return _found(rows, tenant, pk)


def _found(rows: QuerySet[SupportGrant], tenant: TenantLike, pk: int) -> SupportGrant:
    # Ids are the platform's own; one beyond the column's range is as unknown as any other.
    grant = rows.filter(tenant_id=tenant.pk, pk=pk).first() if 0 < pk < 2**63 else None
    if grant is None:
        raise NotFound("There is no such request.")
    return grant
