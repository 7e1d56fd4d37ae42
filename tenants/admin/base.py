"""What the admin's screens share."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import display

from costinsights.core.errors import ApplicationError
from tenants.models import StaffUser

M = TypeVar("M", bound=Model)
F = TypeVar("F", bound=Callable[..., Any])


def column(**options: Any) -> Callable[[F], F]:
    """A method as a column of a list or a read-only field: django-unfold's `display`, with types."""
    return cast(Callable[[F], F], display(**options))


class StaffAdmin(ModelAdmin):  # type: ignore[misc]  # django-unfold has no types
    """A list and a form in the staff site's style."""

    list_filter_submit = False
    list_fullwidth = True
    list_per_page = 50
    compressed_fields = True


class ReadOnlyAdmin(StaffAdmin):
    """A list to look at. Rows come from elsewhere."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def staff_of(request: HttpRequest) -> StaffUser:
    """Whoever makes this request. Raises PermissionDenied for anybody but staff."""
    if not isinstance(request.user, StaffUser):
        raise PermissionDenied
    return request.user


def require(request: HttpRequest, permission: str) -> None:
    """Raises PermissionDenied without the permission, such as `tenants.change_tenant`."""
    if not staff_of(request).has_perm(permission):
        raise PermissionDenied


def row_or_404(model: type[M], pk: object) -> M:
    row = model._default_manager.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@contextmanager
def refusals_as_messages(request: HttpRequest) -> Iterator[None]:
    """A refusal of a service becomes a message on the next page; nothing was changed."""
    try:
        yield
    except ApplicationError as refusal:
        messages.error(request, refusal.message)


def page(
    site: Any, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page of ours in the staff site's frame."""
    return TemplateResponse(
        request, template, {**site.each_context(request), **context}, status=status
    )


def ago(instant: dt.datetime | None) -> str:
    """How long ago, in its greatest unit: `5 min ago`; a dash when it never was."""
    if instant is None:
        return "—"
    seconds = max(0, int((timezone.now() - instant).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"
