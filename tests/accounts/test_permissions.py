"""Who may do what: every role, way of signing in and method."""

import itertools
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from costinsights.accounts.models import ApiToken, Role, Scope, User
from costinsights.accounts.permissions import (
    CanManageClusters,
    IsMember,
    IsSignedInBrowser,
    RoleAtLeast,
    RoleRequiredMixin,
    role_required,
)
from tenants.models import StaffUser, Tenant
from tests.factories.accounts import UserFactory, token_of

ROLES = list(Role)
READS, WRITES = ["get", "head", "options"], ["post", "put", "patch", "delete"]


def allowed(permission: type[BasePermission], method: str, user: Any, token: Any = None) -> bool:
    class View(APIView):
        permission_classes = (permission,)

        def answer(self, request: Request) -> Response:
            return Response()

        get = head = post = put = patch = delete = answer

    request = getattr(APIRequestFactory(), method)("/")
    force_authenticate(request, user=user, token=token)
    return bool(View.as_view()(request).status_code == 200)


@pytest.mark.parametrize(("role", "method"), [*itertools.product(ROLES, READS + WRITES)])
def test_members_read_clusters_and_admins_manage_them(
    acme: Tenant, role: Role, method: str
) -> None:
    user = UserFactory.create(role=role)
    may = method in READS or role in (Role.OWNER, Role.ADMIN)
    assert allowed(CanManageClusters, method, user) is may


@pytest.mark.parametrize(("role", "minimum"), [*itertools.product(ROLES, ROLES)])
def test_a_role_includes_the_lesser_ones_and_no_greater(
    acme: Tenant, role: Role, minimum: Role
) -> None:
    user = UserFactory.create(role=role)
    may = ROLES.index(role) <= ROLES.index(minimum)
    assert allowed(RoleAtLeast.of(minimum), "get", user) is may
    assert user.has_role(minimum) is may


@pytest.mark.parametrize("permission", [IsMember, CanManageClusters, IsSignedInBrowser])
@pytest.mark.parametrize("method", READS + WRITES)
def test_strangers_staff_and_the_deactivated_may_nothing(
    acme: Tenant, permission: type[BasePermission], method: str
) -> None:
    gone = UserFactory.create(role=Role.OWNER, is_active=False)
    staff = StaffUser(pk=gone.pk, email=gone.email, is_superuser=True)
    for user in (None, AnonymousUser(), gone, staff):
        assert not allowed(permission, method, user)


@pytest.mark.parametrize("scopes", [[Scope.READ], [Scope.WRITE], [Scope.READ, Scope.WRITE]])
@pytest.mark.parametrize("method", READS + WRITES)
def test_a_token_needs_the_scope_of_the_method(
    acme: Tenant, scopes: list[Scope], method: str
) -> None:
    owner = UserFactory.create(role=Role.OWNER)
    token_of(owner, *scopes)
    token = ApiToken.objects.get()
    needed = Scope.READ if method in READS else Scope.WRITE
    assert allowed(IsMember, method, owner, token) is (needed in scopes)
    assert not allowed(IsSignedInBrowser, method, owner, token)


def test_a_scope_gives_no_more_than_the_role(acme: Tenant) -> None:
    viewer = UserFactory.create(role=Role.VIEWER)
    token_of(viewer, *Scope)
    assert not allowed(CanManageClusters, "post", viewer, ApiToken.objects.get())


class AdminPage(RoleRequiredMixin):
    required_role = Role.ADMIN

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(self.member.email)


@role_required(Role.ADMIN)
def admin_function(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


def visit(user: Any, page: Any) -> int:
    request = RequestFactory().get("/clusters/connect/")
    request.user = user
    try:
        return int(page(request).status_code)
    except PermissionDenied:
        return 403


@pytest.mark.parametrize("page", [AdminPage.as_view(), admin_function])
@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 200), (Role.ADMIN, 200), (Role.ANALYST, 403), (Role.VIEWER, 403)],
)
def test_a_page_asks_for_the_role(acme: Tenant, page: Any, role: Role, status: int) -> None:
    assert visit(UserFactory.create(role=role), page) == status


@pytest.mark.parametrize("page", [AdminPage.as_view(), admin_function])
def test_a_page_sends_everybody_else_to_sign_in(acme: Tenant, page: Any) -> None:
    gone: User = UserFactory.create(role=Role.OWNER, is_active=False)
    assert {visit(user, page) for user in (AnonymousUser(), gone)} == {302}
