"""What people ask of a month: open it, prepare it, close it, stop the work. The work itself is a job's."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from costinsights.accounts.models import Role, User
from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from reporting import tasks
from reporting.models import Period, PeriodState, WorkState
from reporting.statements import work
from reporting.statements.closing import check_may_close
from reporting.statements.months import month_after, month_of
from reporting.visibility import sees_all

EARLIEST = dt.date(2014, 6, 1)  # Kubernetes' first public month
LONGEST_REASON = 500
WHOLE = 1_000_000


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a month from being closed by this member, and whether a recorded reason overrides it."""

    text: str
    reason_helps: bool = False


def check_prepares(member: User) -> None:
    """Raises NotAllowed for members who do not see every statement."""
    if not member.has_role(Role.ANALYST):
        raise NotAllowed("This needs the role Analyst or more.")
    if not sees_all(member):
        raise NotAllowed("Months hold costs that your limits hide.")


def checked_month(text: str) -> dt.date:
    """The first day of `2026-09`. Raises InvalidInput for anything else."""
    try:
        month = month_of(text.strip())
    except ValueError as error:
        raise InvalidInput(
            "Write the month as year and month, such as 2026-09.", field="month", value=text[:20]
        ) from error
    if month < EARLIEST:
        raise InvalidInput(
            f"No cluster is that old. Begin at {EARLIEST:%Y-%m}.", field="month", value=text
        )
    return month


def period_of(member: User, text: str) -> Period:
    """The month of an address. Raises NotAllowed, and NotFound where it was not opened yet."""
    check_prepares(member)
    try:
        month = checked_month(text)
    except InvalidInput as error:
        raise NotFound("There is no such month.") from error
    found = Period.objects.filter(month=month).select_related("prepared_by").first()
    if found is None:
        raise NotFound("That month was not opened yet.")
    return found


def open_month(text: str, *, by: User, now: dt.datetime) -> Period:
    """Begin a month. Raises InvalidInput for one that has not begun, and Conflict for one that is there."""
    check_prepares(by)
    month = checked_month(text)
    if month > now.date():
        raise InvalidInput("That month has not begun.", field="month", value=text)
    made, is_new = Period.objects.get_or_create(month=month)
    if not is_new:
        raise Conflict(f"{made} is there already.")
    record_event("period.opened", target=str(made), target_id=str(made.pk))
    return made


def months_to_open(now: dt.datetime, *, most: int = 13) -> list[dt.date]:
    """The months of the last year that nobody opened, the newest first."""
    there = set(Period.objects.values_list("month", flat=True))
    latest = now.date().replace(day=1)
    months = [month_after(latest, -back) for back in range(most)]
    return [month for month in months if month not in there]


def ask_to_prepare(period: Period, *, by: User) -> Period:
    """Have preliminary statements made. Raises Conflict for a closed month and while another job is at it."""
    check_prepares(by)
    if period.state == PeriodState.CLOSED:
        raise Conflict(f"{period} is closed. Reopen it to make another revision.")
    work.claim(period, "prepare")
    tasks.prepare_month.enqueue_on_commit(period_id=period.pk, member_id=by.pk)
    record_event("period.prepare_asked", target=str(period), target_id=str(period.pk))
    return _again(period)


def ask_to_close(period: Period, *, by: User, override_reason: str = "") -> Period:
    """Have the month closed. Raises NotAllowed, Conflict, and InvalidInput for a reason that is too long."""
    check_prepares(by)
    reason = override_reason.strip()
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(
            f"A reason has up to {LONGEST_REASON} characters.", field="override_reason"
        )
    check_may_close(period, by)
    if month_after(period.month) > timezone.now().date():
        raise Conflict(f"{period} is not over: a month is closed when it is.")
    work.claim(period, "close")
    tasks.close_month.enqueue_on_commit(
        period_id=period.pk, member_id=by.pk, override_reason=reason
    )
    record_event(
        "period.close_asked",
        target=str(period),
        target_id=str(period.pk),
        details={"override_reason": reason},
    )
    return _again(period)


def ask_to_stop(period: Period, *, by: User) -> Period:
    """Stop the job at its next step. Raises Conflict where none is at work."""
    check_prepares(by)
    work.ask_to_cancel(period)
    record_event("period.cancel_asked", target=str(period), target_id=str(period.pk))
    return period


def is_busy(period: Period) -> bool:
    return period.work_state in (WorkState.QUEUED, WorkState.RUNNING)


def obstacles(period: Period, member: User, *, now: dt.datetime) -> list[Obstacle]:
    """Why this member cannot close the month now, as far as it is known without computing it again."""
    found = []
    if period.state == PeriodState.PRELIMINARY:
        if not member.approves_statements:
            found.append(Obstacle("Only an approver closes a month. An admin names approvers."))
        elif period.prepared_by_id == member.pk:
            found.append(
                Obstacle(
                    "You prepared it yourself: another approver closes it, or somebody else "
                    "prepares it again."
                )
            )
    end = month_after(period.month)
    if end > now.date():
        found.append(Obstacle(f"The month ends on {end:%-d %B}: it is closed when it is over."))
    if difference_of(period):
        found.append(
            Obstacle(
                "The reconciliation is not exactly zero. This is a defect: nothing overrides it."
            )
        )
    if period.state == PeriodState.PRELIMINARY and period.complete_micros < WHOLE:
        found.append(
            Obstacle(
                f"Only {period.complete_micros / 10_000:.1f}% of its days are complete. Read the rest "
                "under Data health, or close with a recorded reason.",
                reason_helps=True,
            )
        )
    return found


def difference_of(period: Period) -> int | None:
    """What the reconciliation is off by; None before a first preparation."""
    return None if period.reconciliation is None else int(period.reconciliation["difference"])


def _again(period: Period) -> Period:
    return Period.objects.select_related("prepared_by").get(pk=period.pk)
