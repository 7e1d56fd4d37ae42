"""What the pages of months show: plain values, ready to be printed."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Sum

from costinsights.accounts.models import User
from costinsights.core.templatetags.display import money_text
from reporting.allocation.types import Bucket
from reporting.models import (
    Adjustment,
    AdjustmentState,
    Dispute,
    Period,
    PeriodClose,
    PeriodState,
    Statement,
    WorkState,
)
from reporting.statements.asking import difference_of, is_busy, obstacles
from reporting.statements.work import progress_of

STATE_TONES = {"open": "calm", "preliminary": "waiting", "closed": "ok"}
REVIEW_TONES = {
    "issued": "waiting",
    "accepted": "ok",
    "disputed": "failed",
    "resolved": "stale",
    "final": "ok",
}
MOST_LATE_LINES = 100


@dataclass(slots=True)
class Work:
    """The job of a month in words."""

    is_busy: bool
    words: str
    done: int
    whole: int
    failed: str = ""

    @property
    def percent(self) -> int:
        return 100 * self.done // self.whole if self.whole else 0


@dataclass(slots=True)
class MonthLine:
    """A month in the list, and the head of its page."""

    period: Period
    state: str
    tone: str
    billed: str
    unmapped: str
    complete: str
    is_complete: bool
    difference: str  # "" while nothing is prepared
    is_balanced: bool
    late: str
    work: Work
    statements: int = 0
    sign_off: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.period.month:%B %Y}"

    @property
    def key(self) -> str:
        return str(self.period)


def shown_revision(period: Period) -> int:
    """What people look at: the preliminary statements while there are some, else the last close's."""
    return 0 if period.state == PeriodState.PRELIMINARY else period.revision


def month_lines(periods: list[Period]) -> list[MonthLine]:
    """One per month, with three queries however many there are."""
    sums: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    counts: dict[tuple[int, int], int] = defaultdict(int)
    rows = Statement.objects.filter(period__in=periods).values("period_id", "revision", "bucket")
    for row in rows.annotate(billed=Sum("billed"), count=Count("pk")).order_by():
        key = (row["period_id"], row["revision"])
        sums[key][row["bucket"]] = int(row["billed"])
        counts[key] += row["count"] if row["bucket"] == Bucket.CENTER else 0
    return [_line(period, sums, counts) for period in periods]


def _line(period: Period, sums: Any, counts: Any) -> MonthLine:
    key = (period.pk, shown_revision(period))
    found: dict[str, int] = sums.get(key, {})
    whole, unmapped = sum(found.values()), found.get(Bucket.UNMAPPED, 0)
    difference = difference_of(period)
    state = period.get_state_display()
    if period.state == PeriodState.CLOSED:
        state = f"Closed r{period.revision}"
    elif period.revision:
        state = f"{state}, after r{period.revision}"
    return MonthLine(
        period=period,
        state=state,
        tone=STATE_TONES[period.state],
        billed=money_text(whole, period.currency) if found else "",
        unmapped=f"{100 * unmapped / whole:.1f}%" if whole else "",
        complete=f"{period.complete_micros / 10_000:.1f}%" if found else "",
        is_complete=period.complete_micros >= 1_000_000,
        difference="" if difference is None else money_text(difference, period.currency),
        is_balanced=difference == 0,
        late=money_text(period.late_amount, period.currency)
        if period.late_amount is not None
        else "",
        work=work_of(period),
        statements=counts.get(key, 0),
    )


def work_of(period: Period) -> Work:
    done, whole, doing = progress_of(period)
    what = "Closing" if period.work_kind == "close" else "Preparing"
    if period.work_state == WorkState.QUEUED:
        doing = "waiting for a worker"
    ended = period.work_state in (WorkState.FAILED, WorkState.CANCELLED)
    return Work(
        is_busy=is_busy(period),
        words=f"{what}: {doing}" if doing else what,
        done=done,
        whole=whole,
        failed=period.work_message if ended else "",
    )


@dataclass(frozen=True, slots=True)
class StatementLineOnPage:
    """A statement in a month's table."""

    statement: Statement
    previous: int | None
    state: str
    tone: str
    disputes: int

    @property
    def change(self) -> int | None:
        return None if self.previous is None else self.statement.billed - self.previous


def statement_lines(statements: list[Statement]) -> list[StatementLineOnPage]:
    """With what the same payer was billed the month before, and where the sign-off stands."""
    if not statements:
        return []
    month = statements[0].period.month
    before = (month - dt.timedelta(days=1)).replace(day=1)
    rows = Statement.objects.filter(period__month=before)
    last = {
        (bucket, code): billed
        for bucket, code, billed in rows.filter(revision=F("period__revision")).values_list(
            "bucket", "code", "billed"
        )
    }
    open_disputes = dict(
        Dispute.objects.filter(statement__in=statements, resolved_at=None)
        .values_list("statement_id")
        .annotate(count=Count("pk"))
        .order_by()
    )
    found = []
    for one in statements:
        review = getattr(one, "review", None)
        state = review.get_state_display() if review else ""
        found.append(
            StatementLineOnPage(
                statement=one,
                previous=last.get((one.bucket, one.code)),
                state=state,
                tone=REVIEW_TONES[review.state] if review else "",
                disputes=open_disputes.get(one.pk, 0),
            )
        )
    return found


def period_context(period: Period, member: User, *, now: dt.datetime) -> dict[str, Any]:
    """Everything of a month's page but its late data, which take a calculation."""
    revision = shown_revision(period)
    rows = list(
        Statement.objects.filter(period=period, revision=revision)
        .select_related("period", "review")
        .defer("document")
        .order_by("bucket", "code")
    )
    found = obstacles(period, member, now=now)
    [line] = month_lines([period])
    waiting = Adjustment.objects.filter(source=period, state=AdjustmentState.PENDING)
    return {
        "period": period,
        "line": line,
        "revision": revision,
        "statements": statement_lines([one for one in rows if one.bucket == Bucket.CENTER]),
        "central": [one for one in rows if one.bucket != Bucket.CENTER],
        "has_statements": bool(rows),
        "obstacles": found,
        "blocks": [one for one in found if not one.reason_helps],
        "needs_reason": any(one.reason_helps for one in found),
        "closes": PeriodClose.objects.filter(period=period).defer("document").order_by("-revision"),
        "carried": waiting.aggregate(lines=Count("pk"), amount=Sum("amount")),
        "is_preliminary": period.state == PeriodState.PRELIMINARY,
        "is_closed": period.state == PeriodState.CLOSED,
        "is_approver": member.approves_statements,
    }
