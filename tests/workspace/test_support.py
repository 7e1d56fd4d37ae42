"""Staff look into a workspace only by a grant, read-only, for a time, and leave traces on both sides."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from costinsights.accounts.models import AuditEntry, Role, User
from costinsights.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from costinsights.core.tenancy import public_context, tenant_context
from costinsights.workspace.tasks import tell_owners_of_support
from tenants import support
from tenants.models import GrantState, PlatformAuditEntry, StaffUser, SupportGrant, Tenant
from tests.factories.accounts import PASSWORD, UserFactory

REASON = "The overview shows no idle cost since Monday"


@pytest.fixture
def staff(db: None) -> StaffUser:
    with public_context():
        return StaffUser.objects.create_user("ops@costinsights.test", "x" * 20, name="Ops")


def asked(tenant: Tenant, staff: StaffUser) -> SupportGrant:
    return support.ask(tenant=tenant, staff=staff, reason=REASON, minutes=60)


def granted(tenant: Tenant, staff: StaffUser) -> SupportGrant:
    grant = asked(tenant, staff)
    return support.decide(
        tenant=tenant, pk=grant.pk, approve=True, by="owner@acme.test", at=timezone.now()
    )


def ticket_for(grant: SupportGrant, staff: StaffUser) -> str:
    return support.make_ticket(grant=grant, staff=staff, at=timezone.now())


@pytest.fixture
def visiting(acme: Tenant, staff: StaffUser, client_of: Any) -> Client:
    """A browser that has just come through the door."""
    client: Client = client_of(acme)
    answer = client.get("/support/enter/", {"ticket": ticket_for(granted(acme, staff), staff)})
    assert answer.status_code == 302
    return client


def member(client_of: Any, tenant: Tenant, role: Role) -> Client:
    with tenant_context(tenant):
        user = UserFactory.create(email=f"{role}@acme.test", role=role)
    client: Client = client_of(tenant)
    client.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    return client


def test_a_visitor_sees_the_overview_and_is_told_so(visiting: Client) -> None:
    page = visiting.get("/")
    assert page.status_code == 200
    assert b"You are looking into Acme as support." in page.content


def test_a_visitor_sees_the_history_page_and_no_saved_views(visiting: Client) -> None:
    page = visiting.get("/history/")
    assert page.status_code == 200
    assert page.context["saved_views"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/settings/profile/",
        "/settings/tokens/",
        "/settings/support/",
        "/costs.csv",
        "/clusters/connect/",
        "/api/v1/tokens/",
        "/api/v1/me",
    ],
)
def test_what_does_not_say_it_is_open_is_closed_to_a_visitor(visiting: Client, path: str) -> None:
    answer = visiting.get(path)
    assert answer.status_code == 403
    assert b"Support can read costs, and nothing else" in answer.content


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_visitor_changes_nothing(visiting: Client, method: str) -> None:
    assert getattr(visiting, method)("/").status_code == 403
    assert getattr(visiting, method)("/api/v1/clusters/").status_code == 403


def test_a_visit_ends_with_its_grant_by_time(visiting: Client) -> None:
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=61)):
        answer = visiting.get("/")
        assert answer.status_code in (302, 403)
        assert visiting.get("/").headers["Location"].startswith("/sign-in/")


def test_the_owner_ends_a_visit_with_the_next_request(
    visiting: Client, acme: Tenant, client_of: Any
) -> None:
    owner = member(client_of, acme, Role.OWNER)
    with public_context():
        grant = SupportGrant.objects.get()
    owner.post(f"/settings/support/{grant.pk}/end/")
    assert visiting.get("/").status_code == 403


def test_a_staff_member_who_is_shut_out_is_out_of_the_tenant_too(
    visiting: Client, staff: StaffUser
) -> None:
    with public_context():
        StaffUser.objects.filter(pk=staff.pk).update(is_active=False)
    assert visiting.get("/").status_code == 403


def test_a_visitor_is_no_member_and_never_becomes_one(visiting: Client, acme: Tenant) -> None:
    before = User.objects.count()
    visiting.get("/")
    assert User.objects.count() == before


def test_a_ticket_opens_once(acme: Tenant, staff: StaffUser, client_of: Any) -> None:
    ticket = ticket_for(granted(acme, staff), staff)
    assert client_of(acme).get("/support/enter/", {"ticket": ticket}).status_code == 302
    assert client_of(acme).get("/support/enter/", {"ticket": ticket}).status_code == 403


def test_a_ticket_is_too_old_after_a_minute(acme: Tenant, staff: StaffUser, client_of: Any) -> None:
    ticket = ticket_for(granted(acme, staff), staff)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=62)):
        assert client_of(acme).get("/support/enter/", {"ticket": ticket}).status_code == 403


def test_a_ticket_of_one_tenant_opens_no_other(
    acme: Tenant, globex: Tenant, staff: StaffUser, client_of: Any
) -> None:
    ticket = ticket_for(granted(acme, staff), staff)
    assert client_of(globex).get("/support/enter/", {"ticket": ticket}).status_code == 403


@pytest.mark.parametrize("text", ["", "x", "a:b:c", "é" * 50])
def test_a_forged_ticket_opens_nothing(acme: Tenant, client_of: Any, text: str) -> None:
    assert client_of(acme).get("/support/enter/", {"ticket": text}).status_code == 403


def test_nobody_gets_a_ticket_for_a_request_that_waits(acme: Tenant, staff: StaffUser) -> None:
    with pytest.raises(NotAllowed):
        ticket_for(asked(acme, staff), staff)


def test_nobody_gets_a_ticket_for_somebody_elses_grant(acme: Tenant, staff: StaffUser) -> None:
    with public_context():
        other = StaffUser.objects.create_user("two@costinsights.test", "x" * 20)
    with pytest.raises(NotAllowed):
        ticket_for(granted(acme, staff), other)


def test_an_owner_approves_and_everybody_sees_the_banner(
    acme: Tenant, staff: StaffUser, client_of: Any
) -> None:
    grant = asked(acme, staff)
    owner = member(client_of, acme, Role.OWNER)
    viewer = member(client_of, acme, Role.VIEWER)
    assert b"asks to look into this workspace" in owner.get("/").content
    assert b"asks to look into" not in viewer.get("/").content
    owner.post(f"/settings/support/{grant.pk}/approve/")
    assert b"Cost Insights support may read in this workspace." in viewer.get("/").content


def test_an_admin_cannot_approve(acme: Tenant, staff: StaffUser, client_of: Any) -> None:
    grant = asked(acme, staff)
    member(client_of, acme, Role.ADMIN).post(f"/settings/support/{grant.pk}/approve/")
    with public_context():
        grant.refresh_from_db()
    assert grant.state == GrantState.REQUESTED


def test_another_tenants_request_is_not_found(
    acme: Tenant, globex: Tenant, staff: StaffUser, client_of: Any
) -> None:
    grant = asked(globex, staff)
    owner = member(client_of, acme, Role.OWNER)
    assert owner.post(f"/settings/support/{grant.pk}/approve/").status_code == 404
    with pytest.raises(NotFound):
        support.end(tenant=acme, pk=grant.pk, by="x", at=timezone.now())


def test_a_request_is_answered_once(acme: Tenant, staff: StaffUser) -> None:
    grant = granted(acme, staff)
    with pytest.raises(Conflict):
        support.decide(tenant=acme, pk=grant.pk, approve=False, by="x", at=timezone.now())


def test_one_open_request_per_staff_member_and_tenant(acme: Tenant, staff: StaffUser) -> None:
    asked(acme, staff)
    with pytest.raises(Conflict):
        asked(acme, staff)


@pytest.mark.parametrize(
    ("reason", "minutes", "field"),
    [("", 60, "reason"), ("short", 60, "reason"), (REASON, 4, "minutes"), (REASON, 481, "minutes")],
)
def test_a_request_needs_a_reason_and_an_end(
    acme: Tenant, staff: StaffUser, reason: str, minutes: int, field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        support.ask(tenant=acme, staff=staff, reason=reason, minutes=minutes)
    assert refusal.value.field == field


def test_breaking_the_glass_needs_no_approval_and_lasts_an_hour_at_most(
    acme: Tenant, staff: StaffUser
) -> None:
    at = timezone.now()
    with pytest.raises(InvalidInput):
        support.break_glass(tenant=acme, staff=staff, reason=REASON, minutes=61, at=at)
    grant = support.break_glass(tenant=acme, staff=staff, reason=REASON, minutes=30, at=at)
    assert grant.is_in_force(at)


def test_every_owner_is_told_by_mail(acme: Tenant, staff: StaffUser) -> None:
    UserFactory.create(email="one@acme.test", role=Role.OWNER)
    UserFactory.create(email="viewer@acme.test", role=Role.VIEWER)
    tell_owners_of_support(grant_id=asked(acme, staff).pk)
    assert [letter.to for letter in mail.outbox] == [["one@acme.test"]]
    assert REASON in mail.outbox[0].body


def test_a_grant_is_decided_through_the_api_too(
    acme: Tenant, staff: StaffUser, client_of: Any
) -> None:
    grant = asked(acme, staff)
    owner = member(client_of, acme, Role.OWNER)
    path = f"/api/v1/support-grants/{grant.pk}"
    assert owner.post(f"{path}/approve/").json()["is_in_force"] is True
    assert owner.post(f"{path}/approve/").status_code == 409
    assert owner.post(f"{path}/end/").json()["state"] == "ended"
    assert owner.post(f"{path}/burn/").status_code == 404
    assert [row["id"] for row in owner.get("/api/v1/support-grants/").json()["results"]] == [
        grant.pk
    ]


def test_the_tenants_own_log_says_who_looked_at_what(visiting: Client) -> None:
    visiting.get("/")
    visiting.get("/settings/profile/")
    entries = AuditEntry.objects.filter(action__startswith="support.").order_by("pk")
    assert [entry.action for entry in entries] == [
        "support.entered",
        "support.viewed",
        "support.refused",
    ]
    assert {entry.actor_kind for entry in entries} == {"staff"}
    assert {entry.actor_label for entry in entries} == {"ops@costinsights.test"}


def test_the_platforms_log_holds_every_step_of_a_grant(acme: Tenant, staff: StaffUser) -> None:
    grant = granted(acme, staff)
    support.end(tenant=acme, pk=grant.pk, by="owner@acme.test", at=timezone.now())
    with public_context():
        entries = PlatformAuditEntry.objects.filter(object_type__contains="supportgrant")
        assert entries.count() == 3
