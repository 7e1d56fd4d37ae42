"""An entry in words: who did what to which object, and each changed column before and after."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django.apps import apps
from django.db import models

from costinsights.accounts.models import AuditEntry
from costinsights.core.templatetags.display import UNKNOWN, instant

NOT_SHOWN: Final = "not shown"
LONGEST_VALUE: Final = 400
_VERBS: Final = {"row.inserted": "Added", "row.updated": "Changed", "row.deleted": "Removed"}
_ICONS: Final = {
    "row.inserted": "plus",
    "row.updated": "pencil",
    "row.deleted": "trash",
    "sign_in": "login-2",
    "download": "download",
    "support": "lifebuoy",
    "session": "logout",
    "second_factor": "shield-lock",
}
_EVENTS: Final = {
    "sign_in.succeeded": "Signed in",
    "sign_in.failed": "Sign-in failed",
    "sign_in.locked": "Sign-in locked",
    "sign_in.ended": "Signed out",
    "download.costs_csv": "Downloaded costs as CSV",
    "download.history_csv": "Downloaded costs over time as CSV",
    "download.history_parquet": "Downloaded costs over time as Parquet",
    "download.layer_csv": "Downloaded a cost layer as CSV",
    "download.layer_parquet": "Downloaded a cost layer as Parquet",
    "download.comparison_csv": "Downloaded a comparison as CSV",
    "download.comparison_parquet": "Downloaded a comparison as Parquet",
    "download.audit_log": "Downloaded the audit log",
    "download.exchange_rates_csv": "Downloaded exchange rates as CSV",
    "support.viewed": "Support looked at",
    "support.refused": "Support was kept from",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One column, for people. An added row has no `before`, a removed one no `after`."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Described:
    """An entry with its words."""

    entry: AuditEntry
    icon: str
    what: str
    subject: str
    summary: str
    changes: list[Change]
    details: list[tuple[str, str]]


def described(entries: Iterable[AuditEntry]) -> list[Described]:
    """Words for each entry; none of them asks the database."""
    return [_described(entry) for entry in entries]


def summary(entry: AuditEntry) -> str:
    """One line: “Changed member ada@acme.test: role”."""
    words = _described(entry)
    text = f"{words.what} {words.subject}".strip()
    return f"{text}: {words.summary}" if words.summary else text


def type_name(object_type: str) -> str:
    """“member” for accounts_user; events by their own noun."""
    model = _models().get(object_type)
    return str(model._meta.verbose_name) if model else object_type.replace("_", " ")


def _described(entry: AuditEntry) -> Described:
    icon = _ICONS.get(entry.action) or _ICONS.get(entry.object_type, "info-circle")
    if entry.action not in _VERBS:
        what = _EVENTS.get(entry.action) or _humanized(entry.action)
        details = [(_sentence(name), _shown(None, value)) for name, value in entry.details.items()]
        return Described(entry, icon, what, entry.object_label, "", [], details)
    changes = _changes(entry)
    subject = f"{type_name(entry.object_type)} {entry.object_label or entry.object_id}"
    is_change = entry.action == "row.updated"
    named = ", ".join(_in_sentence(change.name) for change in changes) if is_change else ""
    return Described(entry, icon, _VERBS[entry.action], subject, named, changes, [])


def _changes(entry: AuditEntry) -> list[Change]:
    model = _models().get(entry.object_type)
    before, after = entry.before or {}, entry.after or {}
    changes = [
        Change(
            _column_name(model, column),
            _shown(_field(model, column), before[column]) if column in before else "",
            _shown(_field(model, column), after[column]) if column in after else "",
        )
        for column in sorted({*before, *after} - {"id"})
    ]
    hidden = entry.details.get("withheld", [])
    was = "" if entry.action == "row.inserted" else NOT_SHOWN
    becomes = "" if entry.action == "row.deleted" else NOT_SHOWN
    changes += [Change(_column_name(model, column), was, becomes) for column in hidden]
    return changes


@lru_cache(maxsize=1)
def _models() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


def _field(model: type[models.Model] | None, column: str) -> Any:
    """The model's field of a column; None for a column that this release no longer has."""
    if model is None:
        return None
    for field in model._meta.concrete_fields:
        if field.column == column:
            return field
    return None


def _column_name(model: type[models.Model] | None, column: str) -> str:
    field = _field(model, column)
    return _sentence(str(field.verbose_name) if field is not None else column).removeprefix(
        "Sealed "
    )


def _shown(field: Any, value: Any) -> str:
    """A value as JSON has it, in the words of its field."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_shown(None, item) for item in value) or "none"
    if isinstance(value, dict):
        return _cut(json.dumps(value, ensure_ascii=False))
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.DateTimeField):
        return instant(datetime.fromisoformat(str(value)))
    return _cut(str(value)) or "empty"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _humanized(action: str) -> str:
    return _sentence(action.replace(".", " "))


def _sentence(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _in_sentence(name: str) -> str:
    """“Role” becomes “role”, “API token” stays."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]
