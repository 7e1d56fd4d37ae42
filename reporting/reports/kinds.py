"""The kinds of reports: each checks its parameters, shows a preview and makes its files."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from costinsights.accounts.models import User, Workspace
from costinsights.core.errors import InvalidInput
from reporting.models import ReportKind
from reporting.reports import costs, statements
from reporting.reports.making import Asked, Made, Preview, Progress

MOST_PREVIEWED = 20


class _Checked(Protocol):
    def __call__(self, parameters: Mapping[str, Any], *, now: dt.datetime) -> dict[str, Any]: ...


class _Previewed(Protocol):
    def __call__(self, asked: Asked, *, most: int) -> Preview: ...


@dataclass(frozen=True, slots=True)
class _Kind:
    formats: Sequence[str]
    checked: _Checked
    make: Callable[[Asked, Progress], Made]
    preview: _Previewed


_KINDS = {
    ReportKind.STATEMENTS: _Kind(
        statements.FORMATS, statements.checked, statements.make, statements.preview
    ),
    ReportKind.COSTS: _Kind(costs.FORMATS, costs.checked, costs.make, costs.preview),
}


def kind_of(text: str) -> ReportKind:
    """Raises InvalidInput."""
    try:
        return ReportKind(text)
    except ValueError as error:
        raise InvalidInput(
            f"There is no such report. Use {', '.join(ReportKind.values)}.",
            field="kind",
            value=text[:20],
        ) from error


def formats_of(kind: str) -> tuple[str, ...]:
    return tuple(str(one) for one in _KINDS[kind_of(kind)].formats)


def checked_parameters(
    kind: str, parameters: Mapping[str, Any], *, now: dt.datetime
) -> dict[str, Any]:
    """As they are stored. Raises InvalidInput that names the parameter."""
    return _KINDS[kind_of(kind)].checked(parameters, now=wall_clock(now))


def checked_formats(kind: str, formats: Sequence[str]) -> list[str]:
    """Each once, in the kind's order. Raises InvalidInput."""
    known = formats_of(kind)
    for wanted in formats:
        if wanted not in known:
            raise InvalidInput(
                f"There is no such format here. Use {', '.join(known)}.",
                field="formats",
                value=wanted[:20],
            )
    if not formats:
        raise InvalidInput(f"Choose a format: {', '.join(known)}.", field="formats")
    return [wanted for wanted in known if wanted in formats]


def preview(kind: str, parameters: Mapping[str, Any], *, member: User, now: dt.datetime) -> Preview:
    """The first rows and the totals, as this member may see them. Raises InvalidInput."""
    asked = Asked(parameters, (), member, wall_clock(now), now)
    return _KINDS[kind_of(kind)].preview(asked, most=MOST_PREVIEWED)


def make(
    kind: str,
    parameters: Mapping[str, Any],
    formats: Sequence[str],
    *,
    member: User,
    due_at: dt.datetime,
    now: dt.datetime,
    progress: Progress,
) -> Made:
    """The files. Words such as “last month” are seen from `due_at`, however late the job is."""
    asked = Asked(parameters, formats, member, wall_clock(due_at), now)
    return _KINDS[kind_of(kind)].make(asked, progress)


def workspace_zone() -> ZoneInfo:
    """The workspace's time zone; UTC where this machine does not know it."""
    name = (Workspace.objects.first() or Workspace()).display_time_zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def wall_clock(at: dt.datetime) -> dt.datetime:
    """What the workspace's clock shows, written as UTC."""
    return at.astimezone(workspace_zone()).replace(tzinfo=dt.UTC)
