"""What the page of a statement shows: plain values, ready to be printed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet

from costinsights.accounts.models import Role, User
from costinsights.core.templatetags.display import money_short_text, money_text
from reporting.exports.words import source_words, spread_words
from reporting.models import Dispute, ReviewEvent, ReviewState, Statement, StatementLine
from reporting.statements.document import ShareOfPool, StatementDocument, decode
from reporting.views.period_page import REVIEW_TONES
from reporting.visibility import sees_all

LEVEL_NAMES = {
    "cluster": "Cluster",
    "namespace": "Namespace",
    "controller_kind": "Kind",
    "controller": "Workload",
    "line_type": "Cost",
}
TYPE_NAMES = {
    "direct": "Direct",
    "shared": "Shared",
    "idle": "Idle",
    "overhead": "Overhead",
    "adjustment": "Adjustment",
    "rounding": "Rounding",
}
_HEIGHT = 100


@dataclass(frozen=True, slots=True)
class LevelRow:
    """A group of lines on the page. `href` leads a level down, `position` to why it is there."""

    label: str
    lines: int
    sums: Mapping[str, int | None]
    href: str = ""
    position: int | None = None

    @property
    def change(self) -> int | None:
        before = self.sums["previous_period_cost"]
        return None if before is None else int(self.sums["billed_cost"] or 0) - before


@dataclass(frozen=True, slots=True)
class Bar:
    """A month of the chart; `height` in percent, None where nothing is known."""

    month: str
    text: str
    axis: str
    height: int | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class AnnexRow:
    """What the statement got of a pool, and the line that says why."""

    share: ShareOfPool
    source: str
    method: str
    percent: str
    position: int | None


def level_rows(
    statement: Statement, level: str, path: Mapping[str, str], groups: Iterable[Mapping[str, Any]]
) -> list[LevelRow]:
    rows = list(groups)
    positions: dict[str, int] = {}
    if level == "line_type":
        lines = StatementLine.objects.filter(statement=statement, **path)
        for name, position in lines.values_list("line_type", "position").order_by("-position"):
            positions[name] = position
    return [_level_row(row, level, path, positions) for row in rows]


def _level_row(
    row: Mapping[str, Any], level: str, path: Mapping[str, str], positions: Mapping[str, int]
) -> LevelRow:
    value = str(row[level])
    names = ("list_cost", "discount", "markup", "billed_cost", "previous_period_cost")
    sums = {name: None if row[name] is None else int(row[name]) for name in names}
    if level == "line_type":
        label = TYPE_NAMES.get(value, value)
        return LevelRow(label, row["lines"], sums, position=positions.get(value))
    href = f"?{urlencode({**path, level: value})}#lines"
    return LevelRow(value or f"(no {LEVEL_NAMES[level].lower()})", row["lines"], sums, href)


def crumbs_of(path: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each level that was gone down, with the address of it."""
    found, so_far = [("All lines", "?#lines")], {}
    for level, value in path.items():
        so_far[level] = value
        label = value or f"(no {LEVEL_NAMES[level].lower()})"
        found.append((label, f"?{urlencode(so_far)}#lines"))
    return found


def bars_of(document: StatementDocument) -> list[Bar]:
    months = document.summary.months[-13:]
    top = max((abs(one.billed) for one in months if one.billed is not None), default=0)
    own = document.header.period_start[:7]
    currency = document.header.currency
    return [
        Bar(
            month=one.month,
            text=money_text(one.billed, currency),
            axis=money_short_text(one.billed, currency) if one.billed is not None else "",
            height=None
            if one.billed is None
            else (_HEIGHT * max(one.billed, 0) // top if top else 0),
            is_own=one.month == own,
        )
        for one in months
    ]


def statement_context(
    statement: Statement, member: User, visible: QuerySet[Statement]
) -> dict[str, Any]:
    document = decode(statement.document)
    summary = document.summary
    review = getattr(statement, "review", None)
    disputes = list(
        Dispute.objects.filter(statement=statement).select_related("raised_by", "resolved_by")
    )
    is_latest = statement.revision == statement.period.revision
    can_answer = member.has_role(Role.ANALYST) and is_latest
    others = visible.filter(
        period=statement.period, bucket=statement.bucket, code=statement.code
    ).exclude(pk=statement.pk)
    return {
        "statement": statement,
        "sees_all": sees_all(member),
        "document": document,
        "header": document.header,
        "summary": summary,
        "currency": statement.currency,
        "change": None if summary.previous is None else summary.billed - summary.previous,
        "split": [
            (
                label,
                name,
                amount,
                100 * max(amount, 0) / summary.billed if summary.billed > 0 else 0,
            )
            for label, name, amount in (
                ("Direct", "direct", summary.direct),
                ("Shared", "shared", summary.shared),
                ("Idle", "idle", summary.idle),
                ("Overhead", "overhead", summary.overhead),
                ("Adjustments", "adjustments", summary.adjustments),
            )
            if amount
        ],
        "bars": bars_of(document),
        "shared": _annex(statement, document.shared),
        "idle": _annex(statement, document.idle),
        "review": review,
        "review_tone": REVIEW_TONES[review.state] if review else "",
        "is_latest": is_latest,
        "disputes": disputes,
        "events": ReviewEvent.objects.filter(statement=statement),
        "can_accept": bool(
            review and is_latest and review.state in (ReviewState.ISSUED, ReviewState.RESOLVED)
        ),
        "can_dispute": bool(review and is_latest and review.state != ReviewState.FINAL),
        "can_resolve": can_answer,
        "can_approve": bool(
            review
            and is_latest
            and review.state == ReviewState.ACCEPTED
            and member.approves_statements
        ),
        "revisions": others.order_by("revision").only("pk", "revision", "number", "billed"),
    }


def _annex(statement: Statement, shares: list[ShareOfPool]) -> list[AnnexRow]:
    positions = dict(
        StatementLine.objects.filter(statement=statement, pool__in=[one.pool for one in shares])
        .order_by("-position")
        .values_list("pool", "position")
    )
    return [
        AnnexRow(
            share=one,
            source=source_words(one.source),
            method=spread_words(one),
            percent=f"{100 * one.weight / one.weight_total:.2f}%" if one.weight_total else "",
            position=positions.get(one.pool),
        )
        for one in shares
    ]
