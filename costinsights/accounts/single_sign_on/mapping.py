"""The role mapping as people write it: one `group = role` to a line."""

import re
from typing import Any

from costinsights.accounts.models import Role
from costinsights.core.errors import InvalidInput

MOST_LINES = 200
LONGEST_GROUP = 200
_ROLES = ", ".join(role.value for role in Role)


def parse_mapping(text: str) -> dict[str, str]:
    """The mapping in a text. The last “=” of a line divides: a group's name may hold one (LDAP).

    Raises InvalidInput that names each wrong line.
    """
    found: dict[str, str] = {}
    wrong = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        group, divider, role = (part.strip() for part in line.rpartition("="))
        problem = _problem_with(group, role, found) if divider else "write “group = role”"
        if problem:
            wrong.append(f"Line {number}: {problem}.")
        found[group] = role.lower()
    if wrong:
        raise InvalidInput(" ".join(wrong[:10]), field="role_mapping")
    return checked_mapping(found)


def checked_mapping(mapping: dict[str, Any]) -> dict[str, str]:
    """The mapping, if every group and role can be used. Raises InvalidInput."""
    if len(mapping) > MOST_LINES:
        raise InvalidInput(f"A mapping has at most {MOST_LINES} lines.", field="role_mapping")
    for group, role in mapping.items():
        if problem := _problem_with(group, str(role), {}):
            raise InvalidInput(f"“{group}”: {problem}.", field="role_mapping", value=role)
    return {group: str(role) for group, role in mapping.items()}


def mapping_text(mapping: dict[str, str]) -> str:
    """The lines that `parse_mapping` reads as this mapping."""
    return "\n".join(f"{group} = {role}" for group, role in mapping.items())


def _problem_with(group: str, role: str, known: dict[str, str]) -> str:
    if not group or len(group) > LONGEST_GROUP or re.search(r"[\x00-\x1f\x7f]", group):
        return f"give a group or role of the provider, at most {LONGEST_GROUP} characters"
    if role.lower() not in Role.values:
        return f"“{role}” is no role; there are {_ROLES}"
    if group in known:
        return f"“{group}” has a role already"
    return ""
