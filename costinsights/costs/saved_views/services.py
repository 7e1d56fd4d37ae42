"""What changes about saved views: kept, changed, shared, starred, opened first, deleted and brought back."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from costinsights.accounts.models import Role, User
from costinsights.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from costinsights.core.periods import DAY
from costinsights.costs.history.page.state import PAGE_PARAMETERS, PageState
from costinsights.costs.saved_views.models import (
    LONGEST_FOLDER,
    LONGEST_NAME,
    SavedView,
    SavedViewMark,
)
from costinsights.costs.saved_views.selectors import may_change
from costinsights.costs.selectors import read_scope_of

# How long deleting can be undone.
UNDO_FOR = DAY
MOST_OF_A_MEMBER = 500


@dataclass(frozen=True, slots=True)
class ViewDraft:
    """A saved view as somebody gave it, checked."""

    name: str
    folder: str
    is_shared: bool
    parameters: dict[str, str]


def checked_draft(
    *,
    name: str,
    parameters: Mapping[str, str],
    by: User,
    now: dt.datetime,
    folder: str = "",
    is_shared: bool = False,
) -> ViewDraft:
    """Texts into a draft. Raises InvalidInput that names the field, and NotAllowed for sharing without the role."""
    name, folder = _words(name), _words(folder)
    if not name:
        raise InvalidInput("Give the view a name.", field="name")
    if len(name) > LONGEST_NAME:
        raise InvalidInput(f"A name has at most {LONGEST_NAME} characters.", field="name")
    if len(folder) > LONGEST_FOLDER:
        raise InvalidInput(
            f"A folder's name has at most {LONGEST_FOLDER} characters.", field="folder"
        )
    return ViewDraft(name, folder, is_shared, checked_parameters(parameters, by=by, now=now))


def checked_parameters(
    parameters: Mapping[str, str], *, by: User, now: dt.datetime
) -> dict[str, str]:
    """The page's parameters in their one spelling. Raises InvalidInput for what the page cannot show."""
    for parameter, value in parameters.items():
        if parameter not in PAGE_PARAMETERS:
            raise InvalidInput(
                f"The history page has no parameter “{parameter[:40]}”. There are {', '.join(PAGE_PARAMETERS)}.",
                field="parameters",
                value=parameter[:40],
            )
        if not isinstance(value, str):
            raise InvalidInput("The parameters of a view are texts.", field="parameters")
    return PageState.parse(parameters, now=now, scope=read_scope_of(by)).parameters()


def _words(text: str) -> str:
    return " ".join(text.split())


def save_view(*, draft: ViewDraft, by: User, at: dt.datetime) -> SavedView:
    """Keep a new view. Raises Conflict for a name the member has already, NotAllowed for sharing as a viewer."""
    _check_sharing(draft.is_shared, by)
    _forget_deleted(at)
    if SavedView.objects.kept().filter(owner=by).count() >= MOST_OF_A_MEMBER:
        raise Conflict(f"You have {MOST_OF_A_MEMBER} saved views. Delete one first.")
    try:
        with transaction.atomic():
            return SavedView.objects.create(
                name=draft.name,
                slug=_new_slug(draft.name),
                folder=draft.folder,
                owner=by,
                is_shared=draft.is_shared,
                parameters=draft.parameters,
                created_at=at,
                updated_at=at,
            )
    except IntegrityError as error:
        raise _taken(draft.name) from error


def _new_slug(name: str) -> str:
    """The name, and letters of chance: an address tells nothing about the names that others use."""
    chance = get_random_string(6, "abcdefghjkmnpqrstuvwxyz23456789")
    return f"{slugify(name)[:40].strip('-') or 'view'}-{chance}"


def change_view(*, view: SavedView, draft: ViewDraft, by: User, at: dt.datetime) -> SavedView:
    """Give a view another name, folder, sharing or question. Raises NotAllowed, Conflict."""
    _check_change(view, by)
    if view.owner_id is None and not draft.is_shared:
        raise Conflict("Whoever saved this view is gone: unshared it would be nobody's. Delete it.")
    if draft.is_shared and not view.is_shared:
        _check_sharing(True, by)
    view.name, view.folder = draft.name, draft.folder
    view.is_shared, view.parameters, view.updated_at = draft.is_shared, draft.parameters, at
    try:
        with transaction.atomic():
            view.save(update_fields=["name", "folder", "is_shared", "parameters", "updated_at"])
            if not view.is_shared:
                # What nobody else may open is nobody else's first page either.
                view.marks.exclude(member=view.owner).delete()
    except IntegrityError as error:
        raise _taken(draft.name) from error
    return view


def delete_view(*, view: SavedView, by: User, at: dt.datetime) -> None:
    """Take a view away. It can be brought back for a day. Raises NotAllowed."""
    _check_change(view, by)
    _forget_deleted(at)
    SavedView.objects.filter(pk=view.pk).update(deleted_at=at)


def restore_view(*, slug: str, by: User, at: dt.datetime) -> SavedView:
    """Bring a deleted view back. Raises NotFound, Conflict where its name is taken meanwhile."""
    gone = SavedView.objects.visible_to(by).exclude(deleted_at=None)
    view = gone.filter(slug=slug, deleted_at__gt=at - UNDO_FOR).first()
    if view is None or not may_change(view, by):
        raise NotFound("This view cannot be brought back any more.", view=slug)
    try:
        with transaction.atomic():
            view.deleted_at = None
            view.save(update_fields=["deleted_at"])
    except IntegrityError as error:
        raise _taken(view.name) from error
    return view


def star_view(*, view: SavedView, by: User, is_starred: bool) -> None:
    """Put a star on a view for this member, or take it off."""
    SavedViewMark.objects.update_or_create(
        view=view, member=by, defaults={"is_starred": is_starred}
    )


@transaction.atomic
def open_first(*, view: SavedView, by: User, is_default: bool) -> None:
    """Let the history page open with this view for this member, or no longer."""
    # One choice after the other: a member has one first view.
    User.objects.select_for_update(no_key=True).filter(pk=by.pk).exists()
    SavedViewMark.objects.filter(member=by, is_default=True).update(is_default=False)
    if is_default:
        SavedViewMark.objects.update_or_create(view=view, member=by, defaults={"is_default": True})


def note_use(*, view: SavedView, by: User, at: dt.datetime) -> None:
    """Remember when the member last opened the view."""
    SavedViewMark.objects.update_or_create(view=view, member=by, defaults={"last_used_at": at})


def _forget_deleted(at: dt.datetime) -> None:
    SavedView.objects.filter(deleted_at__lte=at - UNDO_FOR).delete()


def _check_change(view: SavedView, by: User) -> None:
    if not may_change(view, by):
        raise NotAllowed("Only whoever saved this view, or an admin, can change it. Save a copy.")


def _check_sharing(is_shared: bool, by: User) -> None:
    if is_shared and not by.has_role(Role.ANALYST):
        raise NotAllowed("Sharing a view needs the role Analyst or more. Save it for yourself.")


def _taken(name: str) -> Conflict:
    return Conflict(f"You have a view called “{name}” already. Choose another name.", field="name")
