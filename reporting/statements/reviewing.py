"""The sign-off of a closed statement: issued → accepted or disputed → resolved → final.

Each step is an event in the statement's own hash chain, which begins at the statement's hash. Whoever approves in
the end is an approver who neither accepted it nor issued it.
"""

import datetime as dt

import structlog
from django.db import transaction
from django.utils import timezone

from costinsights.accounts.models import Role, User
from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput, NotAllowed
from reporting.models import Dispute, Review, ReviewEvent, ReviewState, Statement, StatementLine
from reporting.statements.verifying import event_sha256

LONGEST_TEXT = 2_000
_log = structlog.get_logger(__name__)
_OPEN = (ReviewState.ISSUED, ReviewState.RESOLVED)


def accept(statement: Statement, *, by: User, text: str = "") -> Review:
    """Its owner agrees. Raises Conflict where it is disputed, accepted already or replaced by a revision."""
    with transaction.atomic():
        held = _held(statement, *_OPEN, verb="accepted")
        held.state, held.accepted_by = ReviewState.ACCEPTED, by
        return _saved(held, statement, "accepted", by.email, text=text)


def dispute(statement: Statement, *, by: User, text: str, position: int | None = None) -> Dispute:
    """Something is wrong, with a line or with all of it. Raises InvalidInput and Conflict."""
    words = _required(text, "text", "Say what is wrong.")
    if (
        position is not None
        and not StatementLine.objects.filter(statement=statement, position=position).exists()
    ):
        raise InvalidInput(
            f"{statement.number} has no line {position}; it has {statement.line_count}.",
            field="position",
            value=position,
        )
    with transaction.atomic():
        held = _held(statement, *_OPEN, ReviewState.ACCEPTED, ReviewState.DISPUTED, verb="disputed")
        made = Dispute.objects.create(
            statement=statement, position=position, text=words, raised_by=by
        )
        held.state, held.accepted_by = ReviewState.DISPUTED, None
        _saved(held, statement, "disputed", by.email, text=words, position=position)
    return made


def resolve(made: Dispute, *, by: User, text: str) -> Review:
    """An analyst answers; when the last dispute is answered the statement can be accepted again."""
    if not by.has_role(Role.ANALYST):
        raise NotAllowed("Analysts and above answer disputes.")
    words = _required(text, "text", "Say how it is resolved.")
    statement = made.statement
    with transaction.atomic():
        held = _held(statement, ReviewState.DISPUTED, verb="resolved")
        again = Dispute.objects.select_for_update().get(pk=made.pk)
        if again.resolved_at is not None:
            raise Conflict("This dispute has its answer already.")
        again.resolution, again.resolved_by, again.resolved_at = words, by, timezone.now()
        again.save()
        if not Dispute.objects.filter(statement=statement, resolved_at=None).exists():
            held.state = ReviewState.RESOLVED
        return _saved(held, statement, "resolved", by.email, text=words, position=made.position)


def approve(statement: Statement, *, by: User, text: str = "") -> Review:
    """A second person makes it final. Raises NotAllowed for whoever accepted or closed it, Conflict too early."""
    if not by.approves_statements:
        raise NotAllowed("Only an approver makes a statement final.")
    with transaction.atomic():
        held = _held(statement, ReviewState.ACCEPTED, verb="approved")
        if by.pk in {held.accepted_by_id, statement.period.prepared_by_id}:
            raise NotAllowed(
                "Whoever prepared or accepted a statement does not approve it. Ask another approver."
            )
        held.state, held.approved_by = ReviewState.FINAL, by
        return _saved(held, statement, "approved", by.email, text=text)


def accept_overdue(*, now: dt.datetime) -> int:
    """Count statements as accepted whose time to object is over. Returns how many. For the daily job."""
    due = Review.objects.filter(state__in=_OPEN, accept_by__lte=now).values_list(
        "statement_id", flat=True
    )
    done = 0
    for pk in list(due):
        with transaction.atomic():
            held = Review.objects.select_for_update().get(pk=pk)
            if held.state not in _OPEN:
                continue
            held.state = ReviewState.ACCEPTED
            words = f"Nobody objected until {held.accept_by:%Y-%m-%d}."
            _saved(held, held.statement, "accepted", "the calendar", text=words)
            done += 1
    return done


def _held(statement: Statement, *states: ReviewState, verb: str) -> Review:
    """The sign-off, locked, in one of these states. Raises Conflict."""
    held = Review.objects.select_for_update().filter(statement=statement).first()
    if held is None:
        raise Conflict(
            f"{statement.number} is preliminary: it is signed off when its month is closed."
        )
    if statement.revision != statement.period.revision:
        raise Conflict(
            f"{statement.number} was replaced by revision {statement.period.revision}. Sign that one off."
        )
    if held.state not in states:
        raise Conflict(
            f"{statement.number} is {held.get_state_display().lower()}: it cannot be {verb} now.",
            state=held.state,
        )
    return held


def _saved(
    held: Review,
    statement: Statement,
    action: str,
    actor: str,
    *,
    text: str = "",
    position: int | None = None,
) -> Review:
    held.changed_at = timezone.now()
    held.save()
    last = ReviewEvent.objects.filter(statement=statement).order_by("-sequence").first()
    event = ReviewEvent(
        statement=statement,
        sequence=last.sequence + 1 if last else 1,
        at=held.changed_at,
        actor=actor,
        action=action,
        position=position,
        text=text.strip()[:LONGEST_TEXT],
        prev_sha256=last.sha256 if last else statement.sha256,
    )
    event.sha256 = event_sha256(event)
    event.save(force_insert=True)
    record_event(
        f"statement.{action}",
        target=statement.number,
        target_id=str(statement.pk),
        details={"text": event.text, "position": position},
    )
    return held


def _required(text: str, field: str, message: str) -> str:
    words = text.strip()
    if not words:
        raise InvalidInput(message, field=field, value=text)
    if len(words) > LONGEST_TEXT:
        raise InvalidInput(
            f"{len(words)} characters are too many; {LONGEST_TEXT:,} fit.", field=field
        )
    return words
