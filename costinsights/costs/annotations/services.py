"""What changes about notes on days: written, corrected, removed."""

import datetime as dt
from dataclasses import dataclass

from costinsights.accounts.models import Role, User
from costinsights.core.errors import InvalidInput, NotAllowed, NotFound
from costinsights.core.periods import DAY
from costinsights.costs.annotations.models import LONGEST_FILTER, LONGEST_TEXT, Annotation
from costinsights.costs.models import Cluster
from costinsights.costs.parameters import parse_filter_text

FIRST_DAY = dt.date(2000, 1, 1)
LONGEST_NOTE_DAYS = 400
# Notes are about what happened; what is planned lies at most this far ahead.
FURTHEST_AHEAD = 366 * DAY


@dataclass(frozen=True, slots=True)
class AnnotationDraft:
    """A note as somebody gave it, checked."""

    first_day: dt.date
    last_day: dt.date
    text: str
    cluster: Cluster | None
    filter_text: str


def checked_draft(
    *,
    first_day: dt.date,
    text: str,
    now: dt.datetime,
    last_day: dt.date | None = None,
    cluster: str = "",
    filter_text: str = "",
) -> AnnotationDraft:
    """Values into a draft; without `last_day` it is about one day. Raises InvalidInput that names the field."""
    last_day = last_day or first_day
    latest = (now + FURTHEST_AHEAD).date()
    if not FIRST_DAY <= first_day <= latest:
        raise InvalidInput(
            f"A note is about days from {FIRST_DAY.year} to a year from now.", field="first_day"
        )
    if last_day < first_day:
        raise InvalidInput("The last day lies before the first.", field="last_day")
    if (last_day - first_day).days >= LONGEST_NOTE_DAYS:
        raise InvalidInput(f"A note is about at most {LONGEST_NOTE_DAYS} days.", field="last_day")
    text = " ".join(text.split())
    if not text:
        raise InvalidInput("Write what happened.", field="text")
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(f"A note has at most {LONGEST_TEXT} characters.", field="text")
    filter_text = filter_text.strip()
    if len(filter_text) > LONGEST_FILTER:
        raise InvalidInput(f"The filter has at most {LONGEST_FILTER} characters.", field="filter")
    parse_filter_text(filter_text)
    return AnnotationDraft(first_day, last_day, text, _cluster(cluster), filter_text)


def _cluster(slug: str) -> Cluster | None:
    if not slug:
        return None
    found = Cluster.objects.filter(slug=slug).first()
    if found is None:
        raise InvalidInput(f"There is no cluster “{slug[:40]}”.", field="cluster", value=slug[:40])
    return found


def access_annotation(pk: int, member: User) -> Annotation:
    """The note with this id. Raises NotFound, also for one the member's limit hides."""
    notes = Annotation.objects.visible_to(member).select_related("cluster", "author")
    found = notes.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such note.", annotation=pk)
    return found


def check_may_write(member: User) -> None:
    """Raises NotAllowed for a viewer."""
    if not member.has_role(Role.ANALYST):
        raise NotAllowed("Writing notes needs the role Analyst or more.")


def may_change(annotation: Annotation, member: User) -> bool:
    """Analysts change their own notes, admins all."""
    is_own = annotation.author_id == member.pk and member.has_role(Role.ANALYST)
    return is_own or member.has_role(Role.ADMIN)


def write_annotation(*, draft: AnnotationDraft, by: User, at: dt.datetime) -> Annotation:
    """Store a new note. Raises NotAllowed for a viewer."""
    check_may_write(by)
    return Annotation.objects.create(
        first_day=draft.first_day,
        last_day=draft.last_day,
        text=draft.text,
        cluster=draft.cluster,
        filter_text=draft.filter_text,
        author=by,
        created_at=at,
        updated_at=at,
    )


def change_annotation(
    *, annotation: Annotation, draft: AnnotationDraft, by: User, at: dt.datetime
) -> Annotation:
    """Correct a note. Raises NotAllowed."""
    _check_change(annotation, by)
    annotation.first_day, annotation.last_day = draft.first_day, draft.last_day
    annotation.text, annotation.cluster = draft.text, draft.cluster
    annotation.filter_text, annotation.updated_at = draft.filter_text, at
    annotation.save()
    return annotation


def remove_annotation(*, annotation: Annotation, by: User) -> None:
    """Take a note away. Raises NotAllowed."""
    _check_change(annotation, by)
    annotation.delete()


def _check_change(annotation: Annotation, by: User) -> None:
    if not may_change(annotation, by):
        raise NotAllowed("Only whoever wrote this note, or an admin, can change it.")
