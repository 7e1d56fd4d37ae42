"""The first owner of a workspace that staff made is invited by mail, once."""

from django.core import mail

from costinsights.accounts.models import Invitation, Role
from costinsights.accounts.tasks import invite_first_owner
from tenants.models import Tenant
from tests.factories.accounts import UserFactory


def test_the_first_owner_is_invited_by_mail(acme: Tenant) -> None:
    assert invite_first_owner(email="Eve@Acme.test")
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role) == ("eve@acme.test", Role.OWNER)
    assert mail.outbox[0].to == ["eve@acme.test"]


def test_asking_again_mails_a_new_link_and_leaves_one_invitation(acme: Tenant) -> None:
    for _ in range(2):
        invite_first_owner(email="eve@acme.test")
    assert Invitation.objects.count() == 1
    assert len(mail.outbox) == 2
    assert mail.outbox[0].body != mail.outbox[1].body


def test_nobody_is_invited_where_there_is_a_member(acme: Tenant) -> None:
    UserFactory.create()
    assert not invite_first_owner(email="eve@acme.test")
    assert mail.outbox == []
