"""The notes of the history page: where each stands on the chart, and in the list below."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from costinsights.core.periods import DAY
from costinsights.costs.annotations.models import Annotation
from costinsights.costs.history.answers import StepInfo


@dataclass(frozen=True, slots=True)
class Note:
    """A note in words. `url` corrects it, "" where the reader may not."""

    days: str
    text: str
    about: str
    author: str
    url: str


@dataclass(frozen=True, slots=True)
class NoteMark:
    """The notes that begin in one step. `place` and `last_place` are steps of the chart, both included."""

    number: int
    place: int
    last_place: int
    notes: list[Note]


def note_marks(
    shown: Sequence[tuple[Annotation, Note]], steps: Sequence[StepInfo]
) -> list[NoteMark]:
    """A mark for each step in which notes begin; those that began earlier stand at the first."""
    places: dict[int, list[tuple[Annotation, Note]]] = {}
    for annotation, note in shown:
        place = _place(annotation.first_day, steps)
        if place is not None:
            places.setdefault(place, []).append((annotation, note))
    return [
        NoteMark(
            number=number,
            place=place,
            last_place=max(_last_place(row.last_day, place, steps) for row, _ in found),
            notes=[note for _, note in found],
        )
        for number, (place, found) in enumerate(sorted(places.items()), 1)
    ]


def _place(day: dt.date, steps: Sequence[StepInfo]) -> int | None:
    """The first step that has something of the day or of a later one."""
    begin = dt.datetime.combine(day, dt.time(), dt.UTC)
    return next((place for place, step in enumerate(steps) if step.period.end > begin), None)


def _last_place(day: dt.date, first: int, steps: Sequence[StepInfo]) -> int:
    end = dt.datetime.combine(day, dt.time(), dt.UTC) + DAY
    return max(
        (place for place, step in enumerate(steps) if step.period.start < end), default=first
    )


def note_words(annotation: Annotation, url: str) -> Note:
    """A note as the page shows it."""
    parts = [annotation.cluster.name] if annotation.cluster else []
    parts += [annotation.filter_text] if annotation.filter_text else []
    return Note(
        days=_days(annotation.first_day, annotation.last_day),
        text=annotation.text,
        about=", ".join(parts),
        author=str(annotation.author) if annotation.author else "a former member",
        url=url,
    )


def _days(first: dt.date, last: dt.date) -> str:
    if first == last:
        return f"{first:%-d %b %Y}"
    return f"{first:%-d %b} – {last:%-d %b %Y}"
