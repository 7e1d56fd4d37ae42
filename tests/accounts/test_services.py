"""What changes about members, and what the database refuses."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from costinsights.accounts import services, token_services
from costinsights.accounts.models import ApiToken, Role, User
from costinsights.core.errors import Conflict, InvalidInput
from costinsights.core.tenancy import tenant_context
from tenants.models import Tenant
from tests.factories.accounts import PASSWORD, UserFactory, token_of


def test_a_member_is_stored_under_one_spelling(acme: Tenant) -> None:
    user = services.create_user(email=" Ada@People.TEST ", password=PASSWORD, role=Role.ADMIN)
    assert (user.email, user.role, user.check_password(PASSWORD)) == (
        "ada@people.test",
        Role.ADMIN,
        True,
    )


def test_a_member_without_a_password_cannot_sign_in(acme: Tenant) -> None:
    user = services.create_user(email="ada@people.test", password=None)
    assert not user.has_usable_password()


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "@people.test", "a b@people.test", "a\0@b.test"]
)
def test_what_is_no_address_is_refused(acme: Tenant, email: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        services.create_user(email=email, password=PASSWORD)
    assert refusal.value.field == "email"


@pytest.mark.parametrize(
    "password", ["", "elevenchars", "123456789012", "ada@people.test", "password1234"]
)
def test_a_weak_password_is_refused(acme: Tenant, password: str) -> None:
    with pytest.raises(InvalidInput):
        services.create_user(email="ada@people.test", password=password)
    assert not User.objects.exists()


def test_long_passwords_count_to_the_last_character(acme: Tenant) -> None:
    user = services.create_user(email="ada@people.test", password="ab cd " * 40 + "x")
    assert user.check_password("ab cd " * 40 + "x")
    assert not user.check_password("ab cd " * 40 + "y")


def test_an_address_is_a_member_once_in_a_tenant_in_any_case(acme: Tenant, globex: Tenant) -> None:
    services.create_user(email="ada@people.test", password=PASSWORD)
    with pytest.raises(Conflict):
        services.create_user(email="ADA@people.test", password=PASSWORD)
    with tenant_context(globex):
        services.create_user(email="ada@people.test", password=PASSWORD)


@pytest.mark.parametrize("fields", [{"email": "ADA@PEOPLE.TEST"}, {"role": "god"}])
def test_the_database_refuses_a_double_and_an_unknown_role(
    ada: User, fields: dict[str, str]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory.create(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"scopes": []},
        {"scopes": ["admin"]},
        {"expires_at": dt.datetime(2000, 1, 1, tzinfo=dt.UTC)},
        {"expires_at": dt.datetime(2100, 1, 1, tzinfo=dt.UTC)},
    ],
)
def test_the_database_refuses_a_token_beyond_the_rules(ada: User, fields: dict[str, Any]) -> None:
    token_of(ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiToken.objects.update(**fields)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_lives_for_a_day_to_a_year(ada: User, days: int) -> None:
    with pytest.raises(InvalidInput):
        token_services.create_token(
            user=ada, name="x", at=timezone.now(), lifetime=dt.timedelta(days=days)
        )


def test_the_last_owner_stays(ada: User) -> None:
    UserFactory.create(role=Role.OWNER, is_active=False)
    with pytest.raises(Conflict):
        services.deactivate_user(user=ada)
    with pytest.raises(Conflict):
        services.change_role(user=ada, role=Role.ADMIN)
    UserFactory.create(role=Role.OWNER)
    services.change_role(user=ada, role=Role.ADMIN)
    ada.refresh_from_db()
    assert ada.role == Role.ADMIN


def test_a_member_is_never_staff(ada: User) -> None:
    assert (ada.is_staff, ada.is_superuser) == (False, False)
    assert User.USERNAME_FIELD == User.EMAIL_FIELD == "email"


def test_a_role_that_sees_everything_ends_the_limits(acme: Tenant) -> None:
    member = UserFactory.create(role=Role.VIEWER, scope_namespaces=["shop"])
    services.change_role(user=member, role=Role.ANALYST)
    assert User.objects.get(pk=member.pk).scope_namespaces == ["shop"]
    services.change_role(user=member, role=Role.ADMIN)
    assert User.objects.get(pk=member.pk).scope_namespaces == []
