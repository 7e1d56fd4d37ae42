"""What a member's limits may look like: names of namespaces, and labels as `name=value`."""

import re
from collections.abc import Iterable
from typing import Final

from costinsights.accounts.models import Role
from costinsights.core.errors import InvalidInput

MOST: Final = 50  # of each
MAY_BE_LIMITED: Final = frozenset({Role.ANALYST, Role.VIEWER})

_NAMESPACE = re.compile(r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z", re.ASCII)
_LABEL_NAME = re.compile(
    r"\A(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?\Z",
    re.ASCII,
)
# An empty value would mean "without this label", which is everybody else's rows.
_LABEL_VALUE = re.compile(r"\A[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?\Z", re.ASCII)


def checked_limits(
    role: Role, namespaces: Iterable[str], labels: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Both lists, each entry once. Raises InvalidInput for what Kubernetes could not hold, or a role without limits."""
    names, pairs = _each_once(namespaces), _each_once(labels)
    for name in names:
        if not _NAMESPACE.match(name):
            raise InvalidInput(
                f"“{name}” is no name of a namespace: lower-case letters, digits and hyphens.",
                field="scope_namespaces",
                value=name,
            )
    for pair in pairs:
        key, _, value = pair.partition("=")
        if not _LABEL_NAME.match(key) or not _LABEL_VALUE.match(value):
            raise InvalidInput(
                f"“{pair}” is no label. Write it as name=value, such as team=core.",
                field="scope_labels",
                value=pair,
            )
    for field, entries in (("scope_namespaces", names), ("scope_labels", pairs)):
        if len(entries) > MOST:
            raise InvalidInput(f"At most {MOST} of each; {len(entries)} were given.", field=field)
    if (names or pairs) and role not in MAY_BE_LIMITED:
        raise InvalidInput(
            f"{_article(role)} {role.label.lower()} sees everything. Only analysts and viewers can be limited.",
            field="scope_namespaces" if names else "scope_labels",
        )
    return names, pairs


def _article(role: Role) -> str:
    return "An" if role.label[0] in "AO" else "A"


def _each_once(entries: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text.strip() for text in entries if text.strip()))
