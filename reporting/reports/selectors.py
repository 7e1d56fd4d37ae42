"""Who sees which reports and runs.

Definitions are open to members without limits; a limited member sees their own, because the filter of another's names
what the limit hides. Runs hold what one member was allowed to see: others see them only if they see everything.
"""

from django.db.models import QuerySet

from costinsights.accounts.models import User
from costinsights.core.errors import NotFound
from reporting.models import ReportDefinition, ReportRun
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
    return found if sees_all(member) else found.filter(requested_by=member)


def run_for(member: User, pk: int) -> ReportRun:
    """Raises NotFound."""
    found = visible_runs(member).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such run.")
    return found
