"""What changes about cost centres: made, changed, moved, retired, deleted."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from costinsights.accounts.models import User
from costinsights.core.errors import Conflict, InvalidInput, NotFound
from reporting.centers.checks import (
    LONGEST_NAME,
    LONGEST_NOTE,
    checked_text,
    checked_validity,
    one_writer,
)
from reporting.models import (
    CenterLevel,
    CostCenter,
    MappingTarget,
    RateCardLine,
    ShareTarget,
    Statement,
)
from reporting.models.centers import code_validator

MOST_CENTERS = 5_000
MOST_READERS = 100
LONGEST_ACCOUNT = 40
RANKS = {level: place for place, level in enumerate(CenterLevel)}


@dataclass(frozen=True, slots=True)
class CenterDraft:
    """A cost centre as somebody gave it, checked for itself. `parent` is a code, "" at the top.

    `readers` None leaves them as they are.
    """

    code: str
    name: str
    level: CenterLevel
    parent: str
    owner_name: str
    owner_email: str
    gl_account: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    note: str
    readers: tuple[str, ...] | None = None


def checked_center(
    *,
    code: str,
    name: str,
    level: str = CenterLevel.COST_CENTER,
    parent: str | None = "",
    owner_name: str = "",
    owner_email: str = "",
    gl_account: str = "",
    valid_from: dt.date | str | None = None,
    valid_to: dt.date | str | None = None,
    note: str = "",
    readers: Sequence[str] | None = None,
) -> CenterDraft:
    """Texts or values into a draft. Raises InvalidInput that names the field."""
    begin, end = checked_validity(valid_from, valid_to)
    return CenterDraft(
        code=_code(code),
        name=checked_text(name, "name", longest=LONGEST_NAME, least=1),
        level=_level(level),
        parent=(parent or "").strip(),
        owner_name=checked_text(owner_name, "owner_name", longest=LONGEST_NAME),
        owner_email=_email(owner_email, "owner_email"),
        gl_account=checked_text(gl_account, "gl_account", longest=LONGEST_ACCOUNT),
        valid_from=begin,
        valid_to=end,
        note=checked_text(note, "note", longest=LONGEST_NOTE),
        readers=None if readers is None else _readers(readers),
    )


def _code(text: str) -> str:
    code = text.strip()
    try:
        code_validator(code)
    except ValidationError as error:
        raise InvalidInput(str(error.message), field="code", value=code[:40]) from None
    return code


def _level(text: str) -> CenterLevel:
    try:
        return CenterLevel(text.strip() or CenterLevel.COST_CENTER)
    except ValueError:
        raise InvalidInput(
            f"A level is one of {', '.join(CenterLevel.values)}.", field="level", value=text[:20]
        ) from None


def _email(text: str, field: str) -> str:
    found = text.strip()
    try:
        if found:
            validate_email(found)
    except ValidationError:
        raise InvalidInput(
            f"“{found[:60]}” is no e-mail address.", field=field, value=found[:60]
        ) from None
    return found


def _readers(emails: Sequence[str]) -> tuple[str, ...]:
    if len(emails) > MOST_READERS:
        raise InvalidInput(f"Name at most {MOST_READERS} readers.", field="readers")
    return tuple(dict.fromkeys(email.strip().lower() for email in emails if email.strip()))


def values_of(center: CostCenter) -> dict[str, Any]:
    """A stored cost centre as `checked_center` takes it."""
    names = ("code", "name", "level", "owner_name", "owner_email", "gl_account")
    dated = ("valid_from", "valid_to", "note")
    values = {name: getattr(center, name) for name in (*names, *dated)}
    return {**values, "parent": center.parent.code if center.parent else ""}


def access_center(pk: int) -> CostCenter:
    """Raises NotFound."""
    rows = CostCenter.objects.select_related("parent", "owner").prefetch_related("readers")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such cost centre.")
    return found


def create_center(draft: CenterDraft) -> CostCenter:
    """Raises InvalidInput for a place in the tree that cannot be, Conflict for a code that is taken."""
    with one_writer():
        check_room()
        return write_center(CostCenter(), draft)


def check_room() -> None:
    """Raises Conflict when there are as many as there can be."""
    if CostCenter.objects.count() >= MOST_CENTERS:
        raise Conflict(f"A workspace has at most {MOST_CENTERS:,} cost centres.")


def change_center(pk: int, draft: CenterDraft) -> CostCenter:
    """Raises NotFound and what `create_center` raises."""
    with one_writer():
        return write_center(access_center(pk), draft)


def write_center(center: CostCenter, draft: CenterDraft) -> CostCenter:
    """Put a draft into a row, new or stored. Only under `one_writer`."""
    parent = _checked_parent(center, draft)
    _check_code(center, draft)
    _check_level(center, draft)
    center.parent = parent
    for name in ("code", "name", "level", "owner_name", "owner_email", "gl_account", "note"):
        setattr(center, name, getattr(draft, name))
    center.valid_from, center.valid_to = draft.valid_from, draft.valid_to
    center.owner = member_with(draft.owner_email)
    readers = None if draft.readers is None else _members(draft.readers)
    center.save()
    if readers is not None:
        center.readers.set(readers)
    return center


def member_with(email: str) -> User | None:
    """The active member with this e-mail, in any case."""
    if not email:
        return None
    return User.objects.filter(email__iexact=email, is_active=True).first()


def _members(emails: Sequence[str]) -> list[User]:
    found = {email: member_with(email) for email in emails}
    for email, member in found.items():
        if member is None:
            raise InvalidInput(
                f"“{email[:60]}” is no member of this workspace.", field="readers", value=email[:60]
            )
    return [member for member in found.values() if member is not None]


def _checked_parent(center: CostCenter, draft: CenterDraft) -> CostCenter | None:
    if not draft.parent:
        return None
    parent = CostCenter.objects.filter(code=draft.parent).first()
    if parent is None:
        raise InvalidInput(
            f"There is no “{draft.parent[:32]}” to be under.",
            field="parent",
            value=draft.parent[:32],
        )
    # Each level stands under a higher one, so no chain of parents can come back to itself.
    if parent.pk == center.pk or RANKS[CenterLevel(parent.level)] >= RANKS[draft.level]:
        raise InvalidInput(
            f"{parent.code} is {_named(parent.level)}; {_named(draft.level)} stands under a higher level: "
            "organisation, department, cost centre.",
            field="parent",
            value=parent.code,
        )
    return parent


def _named(level: str) -> str:
    label = CenterLevel(level).label.lower()
    return f"{'an' if label[0] in 'aeiou' else 'a'} {label}"


def _check_code(center: CostCenter, draft: CenterDraft) -> None:
    taken = CostCenter.objects.filter(code=draft.code).exclude(pk=center.pk)
    if taken.exists():
        raise Conflict(f"The code {draft.code} is taken.", field="code")
    if center.pk and center.code != draft.code:
        closed = Statement.objects.filter(center=center, revision__gt=0).exists()
        if closed:
            raise Conflict(
                f"Closed statements carry the code {center.code}, so it stays. "
                "End its validity and make another cost centre instead.",
                field="code",
            )


def _check_level(center: CostCenter, draft: CenterDraft) -> None:
    if not center.pk or center.level == draft.level:
        return
    lower = [
        row for row in center.children.all() if RANKS[CenterLevel(row.level)] <= RANKS[draft.level]
    ]
    if lower:
        raise Conflict(
            f"{lower[0].code} is under it and no lower level than that. Move it first.",
            field="level",
        )
    if draft.level != CenterLevel.COST_CENTER and (
        MappingTarget.objects.filter(center=center).exists()
        or Statement.objects.filter(center=center).exists()
    ):
        raise Conflict(
            "Mapping rules or statements charge it, and only cost centres are charged.",
            field="level",
        )


def delete_center(pk: int) -> None:
    """Raises NotFound, and Conflict while anything refers to it."""
    with one_writer():
        center = access_center(pk)
        held = uses_of(center)
        if held:
            raise Conflict(
                f"{center.code} is used by {', '.join(held)}. End its validity instead: it is then charged no "
                "more, and what it was charged stays.",
                used_by=held,
            )
        center.delete()


def uses_of(center: CostCenter) -> list[str]:
    """What keeps it from being deleted, counted: `2 mapping rules`."""
    counts = {
        "unit below it": (center.children.count(), "units below it"),
        "mapping rule": (MappingTarget.objects.filter(center=center).count(), "mapping rules"),
        "share rule": (ShareTarget.objects.filter(center=center).count(), "share rules"),
        "rate": (RateCardLine.objects.filter(center=center).count(), "rates"),
        "statement": (Statement.objects.filter(center=center).count(), "statements"),
    }
    return [
        f"{count} {one if count == 1 else many}" for one, (count, many) in counts.items() if count
    ]
