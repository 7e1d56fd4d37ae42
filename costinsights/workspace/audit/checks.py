"""A tenant's audit log is checked against itself and against what the platform noted of it.

Each day the platform's log takes down where every tenant's chain ended. Whoever rewrites a tenant's
chain from some day on would have to rewrite the platform's from that day on as well, and the end of
that one is printed and logged every day.
"""

from typing import Final

import structlog
from django.db import transaction

from costinsights.core.audit import record_event
from costinsights.core.audit_chain import Anchor, Verdict, note_check, verify
from costinsights.core.audit_sql import PLATFORM_LOG, TENANT_LOG
from costinsights.core.tenancy import TenantLike, current_tenant, public_context, tenant_context
from tenants.models import PlatformAuditEntry

ANCHORED: Final = "audit_log.anchored"
BROKEN: Final = "audit_log.broken"
log = structlog.get_logger(__name__)


def anchors_of(tenant: TenantLike) -> list[Anchor]:
    """Where the tenant's chain ended on earlier days, as the platform's log has it.

    A tenant that was imported begins anew: what was noted of a tenant of its id before is no longer its.
    """
    with public_context():
        logged = PlatformAuditEntry.objects.filter(object_id=str(tenant.pk)).order_by("id")
        imported = logged.filter(object_type="tenant", action="tenant.imported").last()
        entries = logged.filter(object_type="audit_log", action=ANCHORED)
        if imported is not None:
            entries = entries.filter(id__gt=imported.pk)
        return [
            Anchor(
                sequence=entry.details["sequence"],
                hash=entry.details["hash"],
                noted_on=f"{entry.at:%-d %b %Y}",
            )
            for entry in entries
        ]


def verify_tenant(tenant: TenantLike) -> Verdict:
    """Whether the tenant's chain holds and is the one the platform knows."""
    anchors = anchors_of(tenant)
    with tenant_context(tenant):
        return verify(TENANT_LOG, anchors)


def verify_platform() -> Verdict:
    """Whether the platform's own chain holds."""
    with public_context():
        return verify(PLATFORM_LOG)


def check_current_tenant() -> Verdict:
    """The daily check: the verdict for the page, and for the platform's log what to hold it to later."""
    tenant = current_tenant()
    anchors = anchors_of(tenant)
    verdict = verify(TENANT_LOG, anchors)
    note_check(verdict)
    with public_context(), transaction.atomic():
        if not verdict.holds:
            _tell(BROKEN, tenant, {"problem": verdict.problem})
        elif verdict.sequence > (anchors[-1].sequence if anchors else 0):
            _tell(ANCHORED, tenant, {"sequence": verdict.sequence, "hash": verdict.hash})
    _log(tenant.slug, verdict)
    return verdict


def check_platform() -> Verdict:
    """The daily check of the platform's own log. The end of its chain goes to the program's log."""
    verdict = verify_platform()
    with public_context():
        note_check(verdict)
    _log("platform", verdict)
    return verdict


def _tell(action: str, tenant: TenantLike, details: dict[str, object]) -> None:
    record_event(action, target=tenant.slug, target_id=str(tenant.pk), details=details)


def _log(name: str, verdict: Verdict) -> None:
    if verdict.holds:
        log.info("audit_log_holds", chain=name, sequence=verdict.sequence, hash=verdict.hash)
    else:
        log.error("audit_log_broken", chain=name, problem=verdict.problem)
