"""From the staff site into a tenant and out again."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from costinsights.accounts.models import Role
from costinsights.core.tenancy import public_context, tenant_context
from tenants import support
from tenants.models import StaffUser, SupportGrant, Tenant
from tenants.staff.groups import ensure_staff_groups
from tests.factories.accounts import UserFactory
from tests.tenants.staff import member, signed_in

REASON = "The overview shows no idle cost since Monday"


@pytest.fixture
def staff(db: None) -> StaffUser:
    """Of the group Support: may ask, may not break the glass."""
    with public_context():
        ensure_staff_groups()
        return member("helper@platform.test", "Support")


def page_of(tenant: Tenant) -> str:
    return f"/tenants/tenant/{tenant.pk}"


def asked(client: Client, tenant: Tenant) -> SupportGrant:
    answer = client.post(f"{page_of(tenant)}/support/ask/", {"reason": REASON, "minutes": 60})
    assert answer.status_code == 302, answer.content
    with public_context():
        return SupportGrant.objects.get()


def test_asking_tells_the_owners_once_it_is_committed(
    staff: StaffUser,
    acme: Tenant,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "costinsights.workspace.tasks.tell_owners_of_support.delay", lambda **kw: told.append(kw)
    )
    with tenant_context(acme):
        UserFactory.create(role=Role.OWNER)
    with public_context(), django_capture_on_commit_callbacks(execute=True):
        grant = asked(signed_in(staff), acme)
    assert told == [{"grant_id": grant.pk}]


def test_the_way_in_leads_to_the_tenants_own_address(
    staff: StaffUser, acme: Tenant, client_of: Any
) -> None:
    client = signed_in(staff)
    grant = asked(client, acme)
    assert client.post(f"/tenants/supportgrant/{grant.pk}/enter/").status_code == 302
    support.decide(tenant=acme, pk=grant.pk, approve=True, by="x", at=timezone.now())
    page = client.post(f"/tenants/supportgrant/{grant.pk}/enter/").content.decode()
    door = re.search(r'href="([^"]+/support/enter/[^"]+)"', page)
    assert door is not None
    address = urlsplit(html.unescape(door[1]))
    assert address.hostname == "acme.localhost"
    visit = client_of(acme)
    assert visit.get(f"{address.path}?{address.query}").status_code == 302
    assert b"You are looking into Acme as support." in visit.get("/").content


def test_a_grant_of_somebody_else_is_not_found(staff: StaffUser, acme: Tenant) -> None:
    grant = support.ask(tenant=acme, staff=member("two@platform.test"), reason=REASON, minutes=60)
    client = signed_in(staff)
    assert client.post(f"/tenants/supportgrant/{grant.pk}/enter/").status_code == 404
    assert client.post(f"/tenants/supportgrant/{grant.pk}/end/").status_code == 404


def test_support_may_not_break_the_glass(staff: StaffUser, acme: Tenant) -> None:
    answer = signed_in(staff).post(
        f"{page_of(acme)}/support/break-glass/", {"reason": REASON, "minutes": 30}
    )
    assert answer.status_code == 403
    with public_context():
        assert not SupportGrant.objects.exists()


def test_a_reason_too_short_stands_beside_its_field(staff: StaffUser, acme: Tenant) -> None:
    answer = signed_in(staff).post(
        f"{page_of(acme)}/support/ask/", {"reason": "because", "minutes": 60}
    )
    assert answer.status_code == 422
    assert b"Say why in 10 characters or more" in answer.content
