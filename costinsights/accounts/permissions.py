"""Who may do what, for the API and for pages. Roles are read on every request, never from a session."""

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeGuard

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.views.generic import View
from django_htmx.http import HttpResponseClientRedirect
from rest_framework.permissions import SAFE_METHODS, BasePermission

from costinsights.accounts.models import ApiToken, Role, Scope, User

if TYPE_CHECKING:  # rest_framework.views loads this module while it is being loaded itself
    from rest_framework.request import Request
    from rest_framework.views import APIView

__all__ = [
    "CanManageClusters",
    "IsMember",
    "IsSignedInBrowser",
    "MemberRequiredMixin",
    "Role",
    "RoleAtLeast",
    "RoleRequiredMixin",
    "is_member",
    "member_of",
    "role_required",
]

SIGN_IN = "sign-in"


def is_member(user: object) -> TypeGuard[User]:
    """Whether this is an active member of the tenant; staff and visitors are not."""
    return isinstance(user, User) and user.is_active


def member_of(request: "HttpRequest | Request") -> User:
    """The member who makes this request. Raises PermissionDenied for anybody else."""
    if not is_member(request.user):
        raise PermissionDenied
    return request.user


class IsMember(BasePermission):
    """Active members of the tenant; a token must carry the scope that the method needs."""

    message = "Sign in, or send an API token of a member of this workspace."

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        if not is_member(request.user):
            return False
        needed = Scope.READ if request.method in SAFE_METHODS else Scope.WRITE
        if isinstance(request.auth, ApiToken) and not request.auth.allows([needed]):
            self.message = f"This API token lacks the scope “{needed}”."
            return False
        return True


class RoleAtLeast(IsMember):
    """Members whose role of now is `minimum` or more. Made for a view with `RoleAtLeast.of(role)`."""

    minimum: ClassVar[Role] = Role.VIEWER
    members_may_read: ClassVar[bool] = False

    @classmethod
    def of(cls, minimum: Role) -> "type[RoleAtLeast]":
        return type(f"RoleAtLeast{minimum.label}", (cls,), {"minimum": minimum})

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        if self.members_may_read and request.method in SAFE_METHODS:
            return True
        self.message = f"This needs the role {self.minimum.label} or more."
        return is_member(request.user) and request.user.has_role(self.minimum)


class CanManageClusters(RoleAtLeast):
    """Every member reads; admins and owners connect, change and remove."""

    minimum = Role.ADMIN
    members_may_read = True


class IsSignedInBrowser(IsMember):
    """A member with a session: what a token must not do, such as make further tokens."""

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        self.message = "An API token cannot do this; sign in with a browser."
        return not isinstance(request.auth, ApiToken)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Off to the sign-in page and back here; htmx must change the page, not swap the form in."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponseClientRedirect(resolve_url(SIGN_IN))
    came_for = request.get_full_path() if request.method == "GET" else "/"
    return redirect_to_login(came_for, resolve_url(SIGN_IN))


class MemberRequiredMixin(View):
    """A page for members. Visitors are sent to the sign-in page, htmx requests too."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_member(request.user):
            return _to_sign_in(request)
        return super().dispatch(request, *args, **kwargs)

    @property
    def member(self) -> User:
        return member_of(self.request)


class RoleRequiredMixin(MemberRequiredMixin):
    """A page for members whose role is `required_role` or more; others get the 403 page."""

    required_role: ClassVar[Role] = Role.ADMIN

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_member(request.user) and not request.user.has_role(self.required_role):
            raise PermissionDenied(f"This needs the role {self.required_role.label} or more.")
        return super().dispatch(request, *args, **kwargs)


P = ParamSpec("P")
PageView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def role_required(minimum: Role) -> Callable[[PageView[P]], PageView[P]]:
    """`RoleRequiredMixin` for a view that is a function."""

    def decorate(view: PageView[P]) -> PageView[P]:
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not is_member(request.user):
                return _to_sign_in(request)
            if not request.user.has_role(minimum):
                raise PermissionDenied(f"This needs the role {minimum.label} or more.")
            return view(request, *args, **kwargs)

        return update_wrapper(guarded, view)

    return decorate
