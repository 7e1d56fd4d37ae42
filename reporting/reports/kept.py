"""The files of runs: opened by those who may see what is in them, forgotten when they are past their time."""

import datetime as dt
from collections.abc import Iterable

from costinsights.accounts.models import User
from costinsights.core.errors import Conflict, NotFound
from costinsights.core.tenancy import current_tenant
from costinsights.costs.selectors import read_scope_of
from reporting import files
from reporting.models import ReportRun, StatementFile
from reporting.visibility import sees_all, visible_statements

KEPT = dt.timedelta(days=30)


def may_open(run: ReportRun, member: User) -> bool:
    """Whether the member may see now what the run found then: limits and rights may have changed since."""
    if sees_all(member):
        return True
    held = run.summary.get("held", {})
    wanted = held.get("statements", [])
    return bool(
        held.get("scope", "") == read_scope_of(member).digest
        and visible_statements(member).filter(pk__in=wanted).count() == len(wanted)
    )


def file_of(run: ReportRun, number: int, *, member: User, now: dt.datetime) -> dict[str, object]:
    """What the run notes of a file, counted from 1. Raises NotFound, Conflict when its time is over."""
    if not may_open(run, member) or not 1 <= number <= max(len(run.files), 1):
        raise NotFound("There is no such file.")
    if run.expires_at is None or run.expires_at <= now:
        raise Conflict("The file is past its time. Run the report again.")
    if number > len(run.files):
        raise NotFound("There is no such file.")
    return dict(run.files[number - 1])


def forget_expired(*, now: dt.datetime) -> int:
    """Take the files of runs that are past their time away. Returns of how many runs."""
    past = list(ReportRun.objects.filter(expires_at__lte=now).exclude(files=[]))
    held = held_by(past)
    ReportRun.objects.filter(pk__in=[run.pk for run in past]).update(files=[])
    forget_unused(held)
    return len(past)


def held_by(runs: Iterable[ReportRun]) -> set[str]:
    """The fingerprints of the runs' files."""
    return {file["sha256"] for run in runs for file in run.files}


def forget_unused(fingerprints: Iterable[str]) -> None:
    """Delete what no run and no statement names any more: the same bytes are kept once for all."""
    for sha256 in fingerprints:
        is_used = (
            ReportRun.objects.filter(files__contains=[{"sha256": sha256}]).exists()
            or StatementFile.objects.filter(sha256=sha256).exists()
        )
        if not is_used:
            files.forget(current_tenant().slug, sha256)
