"""Preparing a month and closing it.

Both compute everything from one snapshot of the database and write in a second transaction. What is closed was
reviewed: a close that would come to other numbers than the preparation is refused, and so is one with a difference
in its reconciliation, whatever anybody says.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from costinsights.accounts.models import User, Workspace
from costinsights.core.actor import current_actor
from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput, NotAllowed
from costinsights.core.money import amount_text
from costinsights.core.snapshots import one_snapshot
from costinsights.core.tenancy import current_tenant
from costinsights.costs.currencies import minor_digits
from reporting.allocation.types import Bucket
from reporting.models import (
    Adjustment,
    AdjustmentState,
    Period,
    PeriodClose,
    PeriodPools,
    PeriodState,
    ReportingSettings,
    Review,
    Statement,
)
from reporting.statements.building import Draft, Issue, statements
from reporting.statements.computing import Computed, Progress, compute
from reporting.statements.document import canonical
from reporting.statements.earlier import Earlier
from reporting.statements.layers import (
    add_asset_windows,
    cloud_bill_of,
    overheads_of,
    wants_overhead,
)
from reporting.statements.months import month_after
from reporting.statements.pools import pools_of
from reporting.statements.reading import Books
from reporting.statements.rulebook import RuleBook
from reporting.statements.writing import forget_preliminary, write_statements

GENESIS = "0" * 64
CLOSE_SCHEMA = "costinsights.close/1"


class CloseRefused(Conflict):
    """The month cannot be closed as it is; `reasons` says why, each with its way out."""

    code = "close_refused"
    title = "The month cannot be closed"

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(" ".join(reasons), reasons=list(reasons))
        self.reasons = list(reasons)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A month computed and drafted, not yet written. `digest` is the same for the same numbers."""

    computed: Computed
    drafts: list[Draft]
    issue: Issue

    @property
    def digest(self) -> str:
        sums = [
            [draft.bucket.value, draft.code, draft.document.lines.sha256] for draft in self.drafts
        ]
        return hashlib.sha256(canonical(sums)).hexdigest()


def reporting_settings() -> ReportingSettings:
    """The workspace's own, or the defaults."""
    return ReportingSettings.objects.filter(pk=1).first() or ReportingSettings()


def draft_month(
    period: Period,
    *,
    revision: int,
    now: dt.datetime,
    by: str,
    override_reason: str = "",
    progress: Progress = lambda *_: None,
) -> Prepared:
    """Compute a month with the rules of now, from one snapshot. Raises MissingRate and InvalidInput."""
    tenant = current_tenant()
    with one_snapshot():
        own = reporting_settings()
        currency = period.currency or tenant.reporting_currency
        books = Books.open(period.month, month_after(period.month), currency)
        if not books.windows:
            raise InvalidInput(
                f"Nothing is stored of {period}. Connect a cluster or read its older days first, "
                "under History, Data health.",
                field="month",
                value=str(period),
            )
        issue = Issue(
            prefix=own.number_prefix,
            tenant=tenant.slug,
            tenant_name=tenant.name,
            time_zone=(Workspace.objects.first() or Workspace()).display_time_zone,
            mode=own.mode,
            minor_digits=minor_digits(currency),
            revision=revision,
            generated_at=now,
            generated_by=by,
            generator=f"Cost Insights {settings.VERSION}",
            override_reason=override_reason,
        )
        rules = RuleBook.load()
        with_overhead = wants_overhead(rules)
        if with_overhead:
            add_asset_windows(books)
        computed = compute(
            books,
            rules,
            minor_digits=issue.minor_digits,
            adjustments=list(
                Adjustment.objects.filter(
                    state=AdjustmentState.PENDING, source__month__lt=period.month, currency=currency
                ).select_related("source")
            ),
            overheads=(lambda stretch: overheads_of(books, stretch)) if with_overhead else None,
            cloud_bill=cloud_bill_of(books),
            progress=progress,
        )
        drafts = list(statements(computed, issue, Earlier.before(period.month, currency)))
    return Prepared(computed, drafts, issue)


def prepare(period: Period, *, by: User | None, progress: Progress = lambda *_: None) -> Period:
    """Make the month's preliminary statements anew. Raises Conflict for a closed month that is not reopened."""
    now = timezone.now()
    prepared = draft_month(
        period, revision=0, now=now, by=by.display_name if by else "schedule", progress=progress
    )
    with transaction.atomic():
        held = Period.objects.select_for_update().get(pk=period.pk)
        if held.state == PeriodState.CLOSED:
            raise Conflict(f"{held} is closed. Reopen it to make another revision.")
        forget_preliminary(held)
        write_statements(held, 0, prepared.drafts)
        PeriodPools.objects.create(period=held, pools=pools_of(prepared.computed))
        books = prepared.computed.books
        held.state = PeriodState.PRELIMINARY
        held.currency = books.currency
        held.prepared_at, held.prepared_by = now, by
        held.prepared_sha256 = prepared.digest
        held.complete_micros = books.complete_micros
        held.reconciliation = _plain_reconciliation(prepared.computed)
        held.save()
        record_event(
            "period.prepared",
            target=str(held),
            target_id=str(held.pk),
            details={"statements": len(prepared.drafts), "digest": prepared.digest},
        )
    return held


def reopen(period: Period, *, by: User, reason: str) -> Period:
    """Open a closed month for another revision. Its closed statements stay as they are."""
    if not by.approves_statements:
        raise NotAllowed("Only an approver reopens a closed month.")
    if not reason.strip():
        raise InvalidInput("Say why the month is reopened.", field="reason", value=reason)
    with transaction.atomic():
        held = Period.objects.select_for_update().get(pk=period.pk)
        if held.state != PeriodState.CLOSED:
            raise Conflict(f"{held} is not closed.")
        held.state = PeriodState.OPEN
        held.reopen_reason = reason.strip()[:500]
        held.save(update_fields=["state", "reopen_reason"])
        record_event(
            "period.reopened",
            target=str(held),
            target_id=str(held.pk),
            details={"reason": held.reopen_reason, "revision": held.revision},
        )
    return held


def check_may_close(period: Period, by: User) -> None:
    """Four eyes: an approver closes what somebody else prepared. Raises NotAllowed or Conflict."""
    if not by.approves_statements:
        raise NotAllowed("Only an approver closes a month. An admin names approvers under Members.")
    if period.prepared_by_id == by.pk:
        raise NotAllowed("Whoever prepared a month does not close it. Ask another approver.")
    if period.state != PeriodState.PRELIMINARY:
        raise Conflict(f"{period} is {period.get_state_display().lower()}: prepare it first.")


def close(
    period: Period, *, by: User, override_reason: str = "", progress: Progress = lambda *_: None
) -> PeriodClose:
    """Freeze the month. Raises CloseRefused with every reason at once, NotAllowed and Conflict."""
    check_may_close(period, by)
    now = timezone.now()
    revision = period.revision + 1
    prepared = draft_month(
        period,
        revision=revision,
        now=now,
        by=by.display_name,
        override_reason=override_reason.strip()[:500],
        progress=progress,
    )
    reasons = refusals(period, prepared, now=now, override_reason=override_reason)
    if reasons:
        raise CloseRefused(reasons)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Closes of any month stand in line here: numbers have no gaps and the chain no forks.
            cursor.execute("LOCK TABLE reporting_periodclose IN SHARE ROW EXCLUSIVE MODE")
        held = Period.objects.select_for_update().get(pk=period.pk)
        if held.revision != period.revision or held.prepared_sha256 != period.prepared_sha256:
            raise Conflict(f"{held} was prepared or closed by somebody else meanwhile.")
        forget_preliminary(held)
        written = write_statements(held, revision, prepared.drafts)
        made = _link(held, revision, prepared, written, by=by, now=now)
        _note_closed(held, made, prepared, written, by=by)
    return made


def refusals(
    period: Period, prepared: Prepared, *, now: dt.datetime, override_reason: str
) -> list[str]:
    """Why the month cannot be closed, each with its way out; empty when it can."""
    books, found = prepared.computed.books, []
    end = dt.datetime.combine(books.end, dt.time(), dt.UTC)
    if end > now:
        found.append(f"{period} ends on {books.end}: a month is closed when it is over.")
    if difference := prepared.computed.reconciliation.difference:
        found.append(
            f"The reconciliation is off by {amount_text(difference)} {books.currency}. This is a defect, "
            "not yours: nothing overrides it."
        )
    if prepared.digest != period.prepared_sha256:
        found.append("Data or rules changed since it was prepared. Prepare and review it again.")
    if not override_reason.strip():
        if books.missing:
            days = ", ".join(books.missing[:5]) + (" …" if len(books.missing) > 5 else "")
            found.append(
                f"{len(books.missing)} days are missing or partial ({days}). Read them again under "
                "History, Data health, or close with a recorded reason."
            )
        if books.unknown_rows:
            found.append(
                f"{books.unknown_rows} rows have a cost that OpenCost did not know. Read their days "
                "again, or close with a recorded reason."
            )
    return found


def _link(
    period: Period,
    revision: int,
    prepared: Prepared,
    written: Sequence[Statement],
    *,
    by: User,
    now: dt.datetime,
) -> PeriodClose:
    """The next link of the chain: a document that names every statement by its hash, and the link before."""
    last = PeriodClose.objects.order_by("-number").first()
    number = last.number + 1 if last else 1
    prev = last.sha256 if last else GENESIS
    computed = prepared.computed
    document: dict[str, Any] = {
        "schema": CLOSE_SCHEMA,
        "number": number,
        "prev_sha256": prev,
        "month": str(period),
        "revision": revision,
        "currency": computed.books.currency,
        "minor_digits": prepared.issue.minor_digits,
        "closed_at": prepared.issue.generated_at.isoformat(),
        "closed_by": by.email,
        "reason": period.reopen_reason,
        "override_reason": prepared.issue.override_reason,
        "generator": prepared.issue.generator,
        "rules": computed.rules,
        "rules_sha256": computed.rules.sha256,
        "windows": computed.books.windows,
        "reconciliation": computed.reconciliation,
        "pools": pools_of(computed),
        "adjustments": [row.pk for row in computed.adjustments],
        "statements": [
            {
                "number": one.number,
                "bucket": one.bucket,
                "code": one.code,
                "billed": one.billed,
                "effective": one.effective,
                "sha256": one.sha256,
            }
            for one in written
        ],
    }
    text = canonical(document)
    return PeriodClose.objects.create(
        period=period,
        revision=revision,
        number=number,
        prev_sha256=prev,
        sha256=hashlib.sha256(text).hexdigest(),
        document=text.decode(),
        reason=period.reopen_reason,
        override_reason=prepared.issue.override_reason,
        closed_by=by.email,
        closed_at=now,
    )


def _note_closed(
    period: Period, made: PeriodClose, prepared: Prepared, written: Sequence[Statement], *, by: User
) -> None:
    books = prepared.computed.books
    period.state = PeriodState.CLOSED
    period.revision = made.revision
    period.complete_micros = books.complete_micros
    period.reconciliation = _plain_reconciliation(prepared.computed)
    period.reopen_reason = ""
    period.late_amount, period.late_checked_at = None, None
    period.save()
    Adjustment.objects.filter(pk__in=[row.pk for row in prepared.computed.adjustments]).update(
        state=AdjustmentState.CHARGED, charged_in=made
    )
    days = reporting_settings().accept_after_days
    Review.objects.bulk_create(
        Review(
            statement=one,
            issued_by=by,
            accept_by=made.closed_at + dt.timedelta(days=days) if days else None,
        )
        for one in written
        if one.bucket == Bucket.CENTER
    )
    record_event(
        "period.closed",
        target=str(period),
        target_id=str(period.pk),
        details={
            "revision": made.revision,
            "number": made.number,
            "sha256": made.sha256,
            "statements": len(written),
            "override_reason": made.override_reason,
            "actor": current_actor().label,
        },
    )


def _plain_reconciliation(computed: Computed) -> Any:
    return msgspec.to_builtins(computed.reconciliation)
