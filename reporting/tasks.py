"""Jobs of this app, found here by Celery."""

from collections.abc import Callable

from celery import shared_task
from django.utils import timezone

from costinsights.accounts.models import User
from costinsights.core.errors import ApplicationError
from costinsights.core.tasks import TenantTask
from reporting.exports.formats import Format
from reporting.models import Dispute, Period, PeriodState, Statement, WorkState
from reporting.rendering import make_by_job
from reporting.statements import telling, work
from reporting.statements.closing import close, prepare
from reporting.statements.late import note_late_data
from reporting.statements.reviewing import accept_overdue
from tenants.features import Feature


@shared_task(base=TenantTask, name="reporting.prepare_month", feature=Feature.REPORTING)
def prepare_month(period_id: int, member_id: int | None = None) -> str:
    """Make a month's preliminary statements. Returns the state that the work ended in."""
    period, member = Period.objects.get(pk=period_id), _member(member_id)
    return _worked(period, lambda: prepare(period, by=member, progress=work.reporter(period)))


@shared_task(base=TenantTask, name="reporting.close_month", feature=Feature.REPORTING)
def close_month(period_id: int, member_id: int, override_reason: str = "") -> str:
    """Close a month as a member asked for. Returns the state that the work ended in."""
    period, member = Period.objects.get(pk=period_id), User.objects.get(pk=member_id)
    ended = _worked(
        period,
        lambda: close(
            period, by=member, override_reason=override_reason, progress=work.reporter(period)
        ),
    )
    if ended == WorkState.IDLE:
        for statement in telling.issued(Period.objects.get(pk=period_id)):
            tell_of_statement.enqueue_on_commit(statement_id=statement.pk)
    return ended


@shared_task(base=TenantTask, name="reporting.make_file", feature=Feature.REPORTING)
def make_file(kind: str, key: int, wanted: str) -> None:
    """Render a closed statement or month that is too large to wait for, and keep it."""
    make_by_job(kind, key, Format(wanted))


@shared_task(
    base=TenantTask,
    name="reporting.tell_of_statement",
    feature=Feature.REPORTING,
    autoretry_for=(OSError,),
    retry_backoff=True,
)
def tell_of_statement(statement_id: int) -> int:
    """Mail a closed statement's summary to its cost centre."""
    statement = Statement.objects.select_related("period", "center__owner").get(pk=statement_id)
    return telling.tell_of_issue(statement)


@shared_task(
    base=TenantTask,
    name="reporting.tell_of_dispute",
    feature=Feature.REPORTING,
    autoretry_for=(OSError,),
    retry_backoff=True,
)
def tell_of_dispute(dispute_id: int) -> int:
    """Mail a dispute to who prepares, or its answer to who raised it."""
    made = Dispute.objects.select_related(
        "raised_by", "statement__period__prepared_by", "statement__review__issued_by"
    ).get(pk=dispute_id)
    return telling.tell_of_dispute(made)


@shared_task(base=TenantTask, name="reporting.look_after_statements", feature=Feature.REPORTING)
def look_after_statements() -> int:
    """Nightly: look for late data in closed months and count overdue statements as accepted."""
    now = timezone.now()
    for period in Period.objects.filter(state=PeriodState.CLOSED).order_by("-month")[:13]:
        note_late_data(period, now=now)
    return accept_overdue(now=now)


def _member(member_id: int | None) -> User | None:
    return User.objects.get(pk=member_id) if member_id is not None else None


def _worked(period: Period, body: Callable[[], object]) -> str:
    """Run the body and note how it ended with the month. A refusal is an end, not a failure of the job."""
    work.started(period)
    try:
        body()
    except work.WorkCancelled as error:
        work.ended(period, WorkState.CANCELLED, error.message)
        return WorkState.CANCELLED
    except ApplicationError as error:
        work.ended(period, WorkState.FAILED, error.message)
        return WorkState.FAILED
    except Exception:
        work.ended(period, WorkState.FAILED, "Something went wrong on our side. It was reported.")
        raise
    work.ended(period, WorkState.IDLE)
    return WorkState.IDLE
