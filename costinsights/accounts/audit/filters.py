"""Which entries somebody asks for."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from costinsights.accounts.models import AuditEntry
from costinsights.core.errors import InvalidInput

PARAMETERS: Final = ("who", "action", "object_type", "object_id", "since", "until", "q")
_ACTION: Final = re.compile(r"\A[a-z][a-z0-9_]*\.(?:[a-z][a-z0-9_]*|\*)\Z")
_DAY: Final = re.compile(r"\A\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_LONGEST: Final = 254

# Walks the index from one type to the next instead of reading every entry.
_TYPES: Final = """
    WITH RECURSIVE types AS (
        SELECT min(object_type) AS name FROM accounts_auditentry
        UNION ALL
        SELECT (SELECT min(object_type) FROM accounts_auditentry WHERE object_type > types.name)
        FROM types WHERE types.name IS NOT NULL
    )
    SELECT name FROM types WHERE name IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """A choice of entries. Days are UTC and both included; `action` may end in `.*`."""

    who: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    q: str = ""

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "AuditFilter":
        """The choice in a query string. Raises InvalidInput and names the parameter."""
        text = {name: _text(given, name) for name in PARAMETERS}
        if text["action"] and not _ACTION.match(text["action"]):
            raise InvalidInput(
                "An action is like “row.updated” or “sign_in.*”.",
                field="action",
                value=text["action"],
            )
        since, until = _day(text, "since"), _day(text, "until")
        if since and until and until < since:
            raise InvalidInput("The last day is before the first.", field="until", value=until)
        return cls(
            who=text["who"],
            action=text["action"],
            object_type=text["object_type"],
            object_id=text["object_id"],
            since=since,
            until=until,
            q=text["q"],
        )

    def apply(self, entries: "QuerySet[AuditEntry]") -> "QuerySet[AuditEntry]":
        """The chosen ones of `entries`."""
        if self.who:
            entries = entries.filter(
                Q(actor_label__icontains=self.who) | Q(actor_identifier=self.who)
            )
        if self.action.endswith(".*"):
            entries = entries.filter(action__startswith=self.action[:-1])
        elif self.action:
            entries = entries.filter(action=self.action)
        if self.object_type:
            entries = entries.filter(object_type=self.object_type)
        if self.object_id:
            entries = entries.filter(object_id=self.object_id)
        if self.since:
            entries = entries.filter(at__gte=_start_of(self.since))
        if self.until:
            entries = entries.filter(at__lt=_start_of(self.until) + dt.timedelta(days=1))
        return self._with_text(entries) if self.q else entries

    def _with_text(self, entries: "QuerySet[AuditEntry]") -> "QuerySet[AuditEntry]":
        texts = ("before", "after", "details")
        wanted = Q(object_label__icontains=self.q)
        for name in texts:
            wanted |= Q(**{f"{name}_text__icontains": self.q})
        return entries.alias(**{f"{name}_text": Cast(name, TextField()) for name in texts}).filter(
            wanted
        )

    def as_parameters(self) -> dict[str, str]:
        """What was chosen, as a query string has it."""
        return {name: str(value) for name, value in asdict(self).items() if value}


def known_object_types() -> list[str]:
    """The types of objects that the log has entries of."""
    with connection.cursor() as cursor:
        cursor.execute(_TYPES)
        return [row[0] for row in cursor.fetchall()]


def _text(given: Mapping[str, Any], name: str) -> str:
    text = str(given.get(name, "")).strip()
    if len(text) > _LONGEST or "\x00" in text:
        raise InvalidInput(f"At most {_LONGEST} characters.", field=name, value=text[:50])
    return text


def _day(text: Mapping[str, str], name: str) -> dt.date | None:
    if not text[name]:
        return None
    try:
        if not _DAY.match(text[name]):
            raise ValueError
        day = dt.date.fromisoformat(text[name])
        _start_of(day) + dt.timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            "A day is written like 2026-01-31.", field=name, value=text[name]
        ) from error
    return day


def _start_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
