"""Late data: what stored history says of a closed month now, against what was closed.

The month is allocated again by the rules it was closed with. What differs becomes adjustment lines of the next
close, or the month is reopened; the closed statements stay as they are.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from costinsights.accounts.models import User
from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput, NotAllowed
from costinsights.core.snapshots import one_snapshot
from reporting.allocation.types import LineType
from reporting.models import (
    Adjustment,
    AdjustmentState,
    Period,
    PeriodClose,
    PeriodState,
    StatementLine,
)
from reporting.statements.computing import Computed, compute
from reporting.statements.layers import add_asset_windows, overheads_of, wants_overhead
from reporting.statements.months import month_after
from reporting.statements.reading import Books, Window
from reporting.statements.rulebook import RuleBook

# Bucket, code, cluster, namespace, controller kind, controller.
Key = tuple[str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class LateChange:
    """What one payer's line would come to more (or less) now. Exact micro-units."""

    key: Key
    amount: int


@dataclass(frozen=True, slots=True)
class LateData:
    """Days that were read again since the close, and what they change. `changes` add up to `amount`."""

    days: list[str]
    changes: list[LateChange]

    @property
    def amount(self) -> int:
        return sum(change.amount for change in self.changes)


def last_close(period: Period) -> PeriodClose | None:
    return PeriodClose.objects.filter(period=period).order_by("-revision").first()


def late_data(period: Period) -> LateData:
    """What changed since the last close. Nothing for a month that was never closed."""
    made = last_close(period)
    if made is None:
        return LateData([], [])
    document = msgspec.json.decode(made.document)
    with one_snapshot():
        rules = RuleBook.frozen(document["rules"])
        books = Books.open(period.month, month_after(period.month), document["currency"])
        if wants_overhead(rules):
            add_asset_windows(books)
        days = _changed_days(document["windows"], books.windows)
        if not days:
            return LateData([], [])
        computed = compute(
            books,
            rules,
            minor_digits=document["minor_digits"],
            overheads=(lambda stretch: overheads_of(books, stretch))
            if wants_overhead(rules)
            else None,
        )
        changes = _differences(period, made, computed)
    return LateData(days, changes)


def _changed_days(frozen: list[dict[str, Any]], now: list[Window]) -> list[str]:
    before = {
        (window.cluster, window.layer, str(window.day)): (window.revision, window.facts_sha256)
        for window in msgspec.convert(frozen, list[Window])
    }
    after = {
        (window.cluster, window.layer, str(window.day)): (window.revision, window.facts_sha256)
        for window in now
    }
    keys = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    return [" ".join(part for part in key if part) for key in sorted(keys)]


def _differences(period: Period, made: PeriodClose, computed: Computed) -> list[LateChange]:
    sums: dict[Key, int] = defaultdict(int)
    for statement in computed.rounded.statements:
        code = statement.center or statement.bucket.value
        for line in statement.lines:
            sums[
                statement.bucket.value,
                code,
                line.cluster,
                line.namespace,
                line.controller_kind,
                line.controller,
            ] += line.effective_cost
    names = (
        "statement__bucket",
        "statement__code",
        "cluster",
        "namespace",
        "controller_kind",
        "controller",
    )
    closed = (
        StatementLine.objects.filter(statement__period=period, statement__revision=made.revision)
        .exclude(line_type=LineType.ADJUSTMENT)
        .values_list(*names)
        .annotate(Sum("effective_cost"))
        .order_by()
    )
    for *key, amount in closed:
        sums[tuple(key)] -= int(amount)
    noted = Adjustment.objects.filter(source=period, source_revision=made.revision).exclude(
        state=AdjustmentState.DROPPED
    )
    for row in noted:
        sums[
            row.bucket, row.code, row.cluster, row.namespace, row.controller_kind, row.controller
        ] -= row.amount
    return [LateChange(key, amount) for key, amount in sorted(sums.items()) if amount]


def note_late_data(period: Period, *, now: dt.datetime) -> LateData:
    """Look, and keep what it comes to with the month. For the nightly job and the page's button."""
    found = late_data(period)
    Period.objects.filter(pk=period.pk).update(
        late_checked_at=now, late_amount=found.amount if found.days else None
    )
    return found


def carry_forward(period: Period, *, by: User, reason: str) -> int:
    """Charge what changed in the next close: adjustment lines, one per line that differs. Returns how many.

    Raises NotAllowed, InvalidInput without a reason and Conflict where nothing changed.
    """
    if not by.approves_statements:
        raise NotAllowed("Only an approver carries late changes forward.")
    if not reason.strip():
        raise InvalidInput("Say why the change is charged.", field="reason", value=reason)
    with transaction.atomic():
        held = Period.objects.select_for_update().get(pk=period.pk)
        made = last_close(held)
        if made is None or held.state != PeriodState.CLOSED:
            raise Conflict(f"{held} is not closed.")
        found = late_data(held)
        if not found.changes:
            raise Conflict(f"Nothing changed in {held} since it was closed.")
        currency = msgspec.json.decode(made.document)["currency"]
        Adjustment.objects.bulk_create(
            Adjustment(
                source=held,
                source_revision=made.revision,
                bucket=change.key[0],
                code=change.key[1],
                cluster=change.key[2],
                namespace=change.key[3],
                controller_kind=change.key[4],
                controller=change.key[5],
                currency=currency,
                amount=change.amount,
                reason=reason.strip()[:500],
            )
            for change in found.changes
        )
        held.late_amount, held.late_checked_at = None, timezone.now()
        held.save(update_fields=["late_amount", "late_checked_at"])
        record_event(
            "period.carried_forward",
            target=str(held),
            target_id=str(held.pk),
            details={"lines": len(found.changes), "amount": found.amount, "reason": reason.strip()},
        )
    return len(found.changes)
