"""Which saved views a member has, and what each is to them."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from costinsights.accounts.models import Role, User
from costinsights.core.errors import NotFound
from costinsights.costs.saved_views.models import SavedView, SavedViewMark


@dataclass(frozen=True, slots=True)
class MemberView:
    """A saved view as one member sees it."""

    view: SavedView
    is_starred: bool
    is_default: bool
    last_used_at: datetime | None
    may_change: bool
    is_own: bool


def views_of(member: User) -> list[MemberView]:
    """Every view the member may open, in the order of menus."""
    views = SavedView.objects.kept().visible_to(member).select_related("owner").in_order()
    return [view_for(view, member) for view in views.with_marks_of(member)]


def access_view(slug: str, member: User) -> SavedView:
    """The view at this address. Raises NotFound, also for another member's private one."""
    views = SavedView.objects.kept().visible_to(member).select_related("owner")
    view = views.filter(slug=slug).first()
    if view is None:
        raise NotFound("There is no such saved view.", view=slug)
    return view


def view_for(view: SavedView, member: User) -> MemberView:
    """This view as the member sees it."""
    mark = next((mark for mark in view.marks.all() if mark.member_id == member.pk), None)
    return MemberView(
        view=view,
        is_starred=bool(mark and mark.is_starred),
        is_default=bool(mark and mark.is_default),
        last_used_at=mark.last_used_at if mark else None,
        may_change=may_change(view, member),
        is_own=view.owner_id == member.pk,
    )


def default_view(member: User) -> SavedView | None:
    """The view that the history page opens with; None where the member chose none or it is gone."""
    mine = SavedViewMark.objects.filter(member=member, is_default=True).values("view")
    return SavedView.objects.kept().visible_to(member).filter(pk__in=mine).first()


def open_url(view: SavedView) -> str:
    """The history page for a saved view."""
    return f"{reverse('history')}?{urlencode({**view.parameters, 'view': view.slug})}"


def may_change(view: SavedView, member: User) -> bool:
    """Owners change their views; admins also the shared ones."""
    return view.owner_id == member.pk or (view.is_shared and member.has_role(Role.ADMIN))


def folders_of(views: list[MemberView]) -> list[str]:
    return list(dict.fromkeys(each.view.folder for each in views if each.view.folder))
