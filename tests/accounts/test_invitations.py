"""Inviting by mail: one link, one member, once; and nobody gets in by any other link."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connections
from django.test import Client
from django.utils import timezone

from costinsights.accounts import invitations
from costinsights.accounts.models import Invitation, Role, SecondFactorPolicy, User, Workspace
from costinsights.core import limits
from costinsights.core.errors import ApplicationError, NotAllowed
from costinsights.core.tenancy import tenant_context
from tenants.models import Tenant
from tests.accounts.people import is_signed_in, sign_in
from tests.factories.accounts import UserFactory

GRACE = "grace@people.test"
PASSWORD = "a-sentence-that-nobody-guesses"
JOIN = {"name": "Grace", "password": PASSWORD, "repeated": PASSWORD}

pytestmark = pytest.mark.usefixtures("jobs_run_at_once")


def link_in(message: Any) -> str:
    """The path of the one link a mail holds; the same in text and HTML."""
    found = re.search(r"http://acme\.localhost\S*(/join/\S+/)", message.body)
    assert found, message.body
    assert found[1] in message.alternatives[0][0]
    return found[1]


@pytest.fixture
def owner(browser: Client, ada: User) -> Client:
    """Ada's browser."""
    sign_in(browser, ada)
    return browser


@pytest.fixture
def stranger(acme: Tenant, client_of: Any) -> Client:
    """A browser nobody has signed in with."""
    client: Client = client_of(acme)
    return client


def invite(client: Client, callbacks: Any, email: str = GRACE, **form: Any) -> Any:
    with callbacks(execute=True):
        return client.post("/settings/members/", {"email": email, "role": "viewer", **form})


def join(client: Client, path: str, **form: str) -> Any:
    """Follow a mailed link and send the form it leads to."""
    answer = client.get(path)
    if answer.status_code != 302:
        return answer
    return client.post(answer["Location"], {**JOIN, **form})


def test_an_invited_person_becomes_the_member_they_were_invited_as(
    owner: Client, stranger: Client, django_capture_on_commit_callbacks: Any
) -> None:
    form = {"role": "analyst", "scope_namespaces": "shop, web", "scope_labels": "team=core"}
    assert invite(owner, django_capture_on_commit_callbacks, **form).status_code == 302
    assert mail.outbox[0].to == [GRACE]

    answer = join(stranger, link_in(mail.outbox[0]))

    assert (answer.status_code, answer["Location"]) == (302, "/")
    grace = User.objects.get(email=GRACE)
    assert (grace.name, grace.role) == ("Grace", Role.ANALYST)
    assert (grace.scope_namespaces, grace.scope_labels) == (["shop", "web"], ["team=core"])
    assert is_signed_in(stranger)


def test_the_address_the_page_is_on_does_not_hold_the_secret(
    owner: Client, stranger: Client, django_capture_on_commit_callbacks: Any
) -> None:
    invite(owner, django_capture_on_commit_callbacks)
    path = link_in(mail.outbox[0])
    assert stranger.get(path)["Location"] == "/join/"
    assert path.split("/")[2] not in stranger.get("/join/").content.decode()


def test_only_the_hash_of_the_mailed_secret_is_stored(
    owner: Client, django_capture_on_commit_callbacks: Any
) -> None:
    invite(owner, django_capture_on_commit_callbacks)
    secret = link_in(mail.outbox[0]).split("/")[2]
    row = Invitation.objects.values().get()
    assert len(secret) >= 43
    assert secret not in str(row)


def test_a_link_works_once(
    owner: Client,
    stranger: Client,
    client_of: Any,
    acme: Tenant,
    django_capture_on_commit_callbacks: Any,
) -> None:
    invite(owner, django_capture_on_commit_callbacks)
    path = link_in(mail.outbox[0])
    join(stranger, path)
    again = join(client_of(acme), path)
    assert again.status_code == 410
    assert User.objects.filter(email=GRACE).count() == 1


def test_every_link_that_does_not_work_gets_the_same_page(
    owner: Client, stranger: Client, django_capture_on_commit_callbacks: Any
) -> None:
    invite(owner, django_capture_on_commit_callbacks)
    path = link_in(mail.outbox[0])
    wrong = join(stranger, "/join/" + "x" * 43 + "/")
    with time_machine.travel(timezone.now() + dt.timedelta(days=7, seconds=1), tick=False):
        expired = join(stranger, path)
    Invitation.objects.update(revoked_at=timezone.now())
    revoked = join(stranger, path)
    without = stranger.get("/join/")
    pages = {answer.content for answer in (wrong, expired, revoked, without)}
    assert {answer.status_code for answer in (wrong, expired, revoked, without)} == {410}
    assert len(pages) == 1
    assert not User.objects.filter(email=GRACE).exists()


def test_an_invitation_withdrawn_while_its_form_is_open_lets_nobody_in(
    owner: Client, stranger: Client, django_capture_on_commit_callbacks: Any
) -> None:
    invite(owner, django_capture_on_commit_callbacks)
    stranger.get(link_in(mail.outbox[0]))
    owner.post(f"/settings/invitations/{Invitation.objects.get().pk}/revoke/")
    assert stranger.post("/join/", JOIN).status_code == 410
    assert not User.objects.filter(email=GRACE).exists()


def test_sending_again_ends_the_earlier_link(
    owner: Client, stranger: Client, django_capture_on_commit_callbacks: Any
) -> None:
    invite(owner, django_capture_on_commit_callbacks)
    with django_capture_on_commit_callbacks(execute=True):
        owner.post(f"/settings/invitations/{Invitation.objects.get().pk}/resend/")
    first, second = (link_in(message) for message in mail.outbox)
    assert join(stranger, first).status_code == 410
    assert join(stranger, second).status_code == 302


def test_a_link_of_one_tenant_opens_nothing_in_another(
    owner: Client, globex_browser: Client, django_capture_on_commit_callbacks: Any
) -> None:
    invite(owner, django_capture_on_commit_callbacks)
    assert join(globex_browser, link_in(mail.outbox[0])).status_code == 410


def test_passwords_of_the_invited_follow_the_same_rules(
    owner: Client, stranger: Client, django_capture_on_commit_callbacks: Any
) -> None:
    invite(owner, django_capture_on_commit_callbacks)
    path = link_in(mail.outbox[0])
    weak = join(stranger, path, password="password1234", repeated="password1234")
    differ = join(stranger, path, repeated="another-long-sentence")
    assert (weak.status_code, differ.status_code) == (422, 422)
    assert "too common" in weak.content.decode()
    assert "Grace" in weak.content.decode()
    assert not User.objects.filter(email=GRACE).exists()


def test_where_members_sign_in_elsewhere_the_invited_choose_no_password(
    owner: Client, stranger: Client, django_capture_on_commit_callbacks: Any
) -> None:
    Workspace.objects.create(password_sign_in=False)
    invite(owner, django_capture_on_commit_callbacks)
    stranger.get(link_in(mail.outbox[0]))
    assert b'name="password"' not in stranger.get("/join/").content
    answer = stranger.post("/join/", {"name": "Grace"})
    assert answer["Location"] == "/sign-in/"
    assert not User.objects.get(email=GRACE).has_usable_password()


def test_a_required_second_factor_is_asked_of_the_invited_too(
    owner: Client, stranger: Client, django_capture_on_commit_callbacks: Any
) -> None:
    invite(owner, django_capture_on_commit_callbacks)
    Workspace.objects.create(second_factor_policy=SecondFactorPolicy.EVERYBODY)
    join(stranger, link_in(mail.outbox[0]))
    assert stranger.get("/")["Location"] == "/settings/profile/second-factor/"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"email": "ADA@people.test"}, "member already"),
        ({"email": "gone@people.test"}, "Reactivate"),
        ({"email": "nobody"}, "valid e"),
        ({"role": "admin", "scope_namespaces": "shop"}, "sees everything"),
        ({"scope_namespaces": "__idle__"}, "no name of a namespace"),
        ({"scope_labels": "team="}, "no label"),
        ({"role": "emperor"}, "Select a valid choice"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_beside_its_field(
    owner: Client, form: dict[str, str], words: str, django_capture_on_commit_callbacks: Any
) -> None:
    UserFactory.create(email="gone@people.test", is_active=False)
    answer = invite(owner, django_capture_on_commit_callbacks, **form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert (Invitation.objects.count(), mail.outbox) == (0, [])


def test_an_address_is_invited_once_until_that_ran_out(
    owner: Client, ada: User, django_capture_on_commit_callbacks: Any
) -> None:
    invite(owner, django_capture_on_commit_callbacks)
    again = invite(owner, django_capture_on_commit_callbacks, email=GRACE.upper())
    assert (again.status_code, Invitation.objects.count()) == (422, 1)
    Invitation.objects.update(expires_at=timezone.now())
    assert invite(owner, django_capture_on_commit_callbacks).status_code == 302
    assert Invitation.objects.filter(revoked_at__isnull=True).count() == 1


def test_an_admin_invites_no_owner_and_touches_no_owners_invitation(
    acme: Tenant, ada: User
) -> None:
    admin = UserFactory.create(role=Role.ADMIN)
    now = timezone.now()
    with pytest.raises(NotAllowed):
        invitations.invite(by=admin, email=GRACE, role=Role.OWNER, at=now)
    owners = invitations.invite(by=ada, email=GRACE, role=Role.OWNER, at=now)
    for change in (invitations.revoke, invitations.renew):
        with pytest.raises(NotAllowed):
            change(by=admin, invitation=owners, at=now)


class _Full:
    """A plan without room for another member."""

    def limit_of(self, kind: str) -> int | None:
        return 1

    def require_room(self, kind: str, used: Any) -> None:
        assert kind == "members"
        if (used() if callable(used) else used) >= 1:
            raise ApplicationError("The plan has no room.")


def test_a_full_plan_takes_no_further_member(
    owner: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(limits, "_sources", [_Full()])
    answer = invite(owner, django_capture_on_commit_callbacks)
    assert (answer.status_code, Invitation.objects.count()) == (422, 0)
    assert "no room" in answer.content.decode()


def test_a_job_for_a_revoked_invitation_mails_nothing(acme: Tenant, ada: User) -> None:
    now = timezone.now()
    invitation = invitations.invite(by=ada, email=GRACE, role=Role.VIEWER, at=now)
    invitations.revoke(by=ada, invitation=invitation, at=now)
    assert invitations.send(invitation_id=invitation.pk, at=now) is False
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_accept_at_once_one_becomes_the_member(
    acme: Tenant,
) -> None:
    ada = UserFactory.create(role=Role.OWNER)
    now = timezone.now()
    invitation = invitations.invite(by=ada, email=GRACE, role=Role.VIEWER, at=now)
    invitations.send(invitation_id=invitation.pk, at=now)
    secret = link_in(mail.outbox[0]).split("/")[2]

    def accept(_: int) -> bool:
        try:
            with tenant_context(acme):
                invitations.accept(secret=secret, name="Grace", password=PASSWORD, at=now)
        except ApplicationError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(accept, range(8))) == 1
    assert User.objects.filter(email=GRACE).count() == 1
