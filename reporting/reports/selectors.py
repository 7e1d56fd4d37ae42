"""Who sees which reports and runs.

Definitions are open to members without limits; a limited member sees their own, because the filter of another's names
what the limit hides. Runs hold what one member was allowed to see: others see them only if they may see all of it.
"""

from django.db.models import Q, QuerySet

from costinsights.accounts.models import User
from costinsights.core.errors import NotFound
from reporting.models import ReportDefinition, ReportKind, ReportRun
from reporting.visibility import sees_all


def visible_reports(member: User) -> QuerySet[ReportDefinition]:
    found = ReportDefinition.objects.select_related("created_by")
    return found.filter(created_by=member) if member.is_limited else found


def report_for(member: User, pk: int) -> ReportDefinition:
    """Raises NotFound, for another's as for one that is not there."""
    found = visible_reports(member).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such report.")
    return found


def visible_runs(member: User) -> QuerySet[ReportRun]:
    found = ReportRun.objects.select_related("report", "requested_by", "schedule")
    if sees_all(member):
        return found
    mine = Q(requested_by=member)
    if not member.is_limited:  # costs without a limit are open to every member without one
        mine |= Q(report__kind=ReportKind.COSTS, summary__held__scope="")
    return found.filter(mine)


def run_for(member: User, pk: int) -> ReportRun:
    """Raises NotFound."""
    found = visible_runs(member).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such run.")
    return found


def may_be_mailed(report: ReportDefinition, address: str) -> bool:
    """Whether a member with this address may see all that the mail tells; others' addresses are the maker's to judge."""
    member = User.objects.filter(email__iexact=address).first()
    if member is None:
        return True
    may_see = sees_all(member) if report.kind == ReportKind.STATEMENTS else not member.is_limited
    return member.is_active and may_see
