"""Making, changing and deleting what is to be reported."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from costinsights.accounts.models import Role, User
from costinsights.core.errors import Conflict, InvalidInput, NotAllowed
from reporting.models import ReportDefinition
from reporting.reports.kept import forget_unused, held_by
from reporting.reports.kinds import checked_formats, checked_parameters, kind_of

LONGEST_NAME = 120
MOST_REPORTS = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """A definition whose values fit together."""

    name: str
    kind: str
    parameters: dict[str, Any]
    formats: list[str]


def check_writes(member: User) -> None:
    """Raises NotAllowed."""
    if not member.has_role(Role.ANALYST):
        raise NotAllowed("This needs the role Analyst or more.")


def checked_draft(
    *,
    name: str,
    kind: str,
    parameters: Mapping[str, Any],
    formats: Sequence[str],
    now: dt.datetime,
) -> Draft:
    """Raises InvalidInput that names what does not fit."""
    name = " ".join(name.split())
    if not name:
        raise InvalidInput("Give the report a name.", field="name")
    if len(name) > LONGEST_NAME:
        raise InvalidInput(f"A name has up to {LONGEST_NAME} characters.", field="name")
    kind = kind_of(kind)
    return Draft(
        name,
        kind,
        checked_parameters(kind, parameters, now=now),
        checked_formats(kind, formats),
    )


def make_report(draft: Draft, *, by: User) -> ReportDefinition:
    """Raises NotAllowed, Conflict for a name that is taken."""
    check_writes(by)
    if ReportDefinition.objects.count() >= MOST_REPORTS:
        raise Conflict(f"A workspace has up to {MOST_REPORTS} reports. Delete one first.")
    return _saved(ReportDefinition(created_by=by), draft)


def change_report(report: ReportDefinition, draft: Draft, *, by: User) -> ReportDefinition:
    """What runs already keeps what it made. Raises as `make_report`."""
    check_writes(by)
    return _saved(report, draft)


def delete_report(report: ReportDefinition, *, by: User) -> None:
    """With its schedules, runs and their files."""
    check_writes(by)
    held = held_by(report.runs.all())
    report.delete()
    transaction.on_commit(lambda: forget_unused(held))


def _saved(report: ReportDefinition, draft: Draft) -> ReportDefinition:
    report.name, report.kind = draft.name, draft.kind
    report.parameters, report.formats = draft.parameters, draft.formats
    try:
        with transaction.atomic():
            report.save()
    except IntegrityError as error:
        raise Conflict(f"There is a report “{draft.name}” already.", field="name") from error
    return report
