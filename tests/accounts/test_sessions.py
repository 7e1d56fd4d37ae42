"""A session is worth something in its own tenant, for its own member, until something changes."""

import datetime as dt
from importlib import import_module

import pytest
from django.conf import settings
from django.test import Client

from costinsights.accounts import services
from costinsights.accounts.models import Role, TenantSession, User
from costinsights.accounts.sessions import SessionOfAnotherTenant, SessionStore
from costinsights.core.tenancy import public_context, tenant_context
from tenants.models import StaffSession, Tenant
from tests.accounts.people import is_signed_in, sign_in
from tests.factories.accounts import PASSWORD, UserFactory

NEW_PASSWORD = "another-long-sentence"


def test_a_cookie_of_one_tenant_is_nothing_in_the_other(
    ada: User, twin: User, browser: Client, globex_browser: Client
) -> None:
    sign_in(browser, ada)
    globex_browser.cookies["session"] = browser.cookies["session"].value
    assert not is_signed_in(globex_browser)
    assert is_signed_in(browser)


def test_even_a_copied_session_row_does_not_sign_in_the_double(
    ada: User, twin: User, browser: Client, globex: Tenant, globex_browser: Client
) -> None:
    sign_in(browser, ada)
    row = TenantSession.objects.get()
    with tenant_context(globex):
        TenantSession(**{f.attname: getattr(row, f.attname) for f in row._meta.fields}).save(
            force_insert=True
        )
    globex_browser.cookies["session"] = row.session_key
    assert not is_signed_in(globex_browser)


def test_the_same_sign_in_works_in_each_tenant_on_its_own(
    ada: User, twin: User, browser: Client, globex_browser: Client
) -> None:
    sign_in(globex_browser, twin)
    assert (is_signed_in(globex_browser), is_signed_in(browser)) == (True, False)


def test_changing_the_password_ends_every_other_session(
    ada: User, browser: Client, acme: Tenant, client_of: type[Client]
) -> None:
    other = client_of(acme)
    sign_in(other, ada)
    sign_in(browser, ada)
    before = browser.cookies["session"].value
    answer = browser.post(
        "/settings/profile/password/",
        {"current": PASSWORD, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD},
    )
    assert answer.status_code == 302
    assert (is_signed_in(browser), is_signed_in(other)) == (True, False)
    assert browser.cookies["session"].value != before
    assert sign_in(client_of(acme), ada, NEW_PASSWORD).status_code == 302
    assert sign_in(client_of(acme), ada, PASSWORD).status_code == 422


def test_a_password_changed_behind_our_back_ends_the_sessions_too(
    ada: User, browser: Client
) -> None:
    sign_in(browser, ada)
    ada.set_password(NEW_PASSWORD)
    ada.save()
    assert not is_signed_in(browser)


def test_a_new_role_asks_for_a_new_sign_in(ada: User, browser: Client) -> None:
    member = UserFactory.create(role=Role.ADMIN)
    sign_in(browser, member)
    User.objects.filter(pk=member.pk).update(role=Role.VIEWER)
    assert not is_signed_in(browser)


def test_a_deactivated_member_is_out_with_the_next_request(ada: User, browser: Client) -> None:
    member = UserFactory.create()
    sign_in(browser, member)
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert not is_signed_in(browser)


def test_deactivating_deletes_the_sessions(ada: User, browser: Client) -> None:
    member = UserFactory.create()
    sign_in(browser, member)
    services.deactivate_user(user=member)
    assert TenantSession.objects.count() == 0


def test_a_removed_member_leaves_no_session(ada: User, browser: Client) -> None:
    member = UserFactory.create()
    sign_in(browser, member)
    member.delete()
    assert TenantSession.objects.count() == 0
    assert not is_signed_in(browser)


def test_the_engine_keeps_staff_and_members_apart(acme: Tenant) -> None:
    engine = import_module(settings.SESSION_ENGINE)
    assert engine.SessionStore is SessionStore
    assert SessionStore.get_model_class() is TenantSession
    with public_context():
        assert SessionStore.get_model_class() is StaffSession
        store = SessionStore()
        store["colour"] = "green"
        store.save()
        assert StaffSession.objects.count() == 1


def test_a_session_object_refuses_to_travel(acme: Tenant, globex: Tenant) -> None:
    store = SessionStore()
    store["colour"] = "green"
    with tenant_context(globex), pytest.raises(SessionOfAnotherTenant):
        store.save()


def test_the_expired_are_cleared_in_this_tenant_only(acme: Tenant, globex: Tenant) -> None:
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    TenantSession.objects.create(session_key="a", session_data="", expire_date=past)
    with tenant_context(globex):
        TenantSession.objects.create(session_key="g", session_data="", expire_date=past)
    SessionStore.clear_expired()
    assert TenantSession.objects.count() == 0
    with tenant_context(globex):
        assert TenantSession.objects.count() == 1
