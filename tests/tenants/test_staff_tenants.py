"""What staff do to tenants, through the pages of the staff host."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from costinsights.accounts.models import Invitation, Role
from costinsights.core.errors import Conflict, InvalidInput
from costinsights.core.tenancy import public_context, tenant_context
from tenants import domains, services
from tenants.checks import staff_host_findings
from tenants.models import Domain, JobFailure, Tenant, TenantUsage
from tests.tenants.staff import member, signed_in


@pytest.fixture
def superuser(db: None) -> Client:
    return signed_in(member("root@platform.test", superuser=True))


def page(tenant: Tenant, action: str = "change") -> str:
    return f"/tenants/tenant/{tenant.pk}/{action}/"


def fresh(tenant: Tenant) -> Tenant:
    with public_context():
        row: Tenant = Tenant.objects.get(pk=tenant.pk)
    return row


NEW = {
    "name": "Initech",
    "slug": "initech",
    "plan": "saas",
    "reporting_currency": "eur",
    "owner_email": "Peter@initech.test",
}


def test_a_new_tenant_gets_its_plan_and_its_first_owner_an_invitation(
    superuser: Client, eager: None, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = superuser.post("/tenants/tenant/add/", NEW)
    assert answer.status_code == 302, answer.content
    with public_context():
        tenant = Tenant.objects.get(slug="initech")
    assert (tenant.plan, tenant.reporting_currency) == ("saas", "EUR")
    with tenant_context(tenant):
        invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role) == ("peter@initech.test", Role.OWNER)
    assert mail.outbox[0].to == ["peter@initech.test"]
    assert "http://initech.localhost/" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "acme"),
        ("slug", "admin"),
        ("slug", "No good"),
        ("name", ""),
        ("reporting_currency", "EURO"),
        ("owner_email", "nobody"),
    ],
)
def test_what_cannot_be_used_stands_beside_its_field_and_makes_nothing(
    superuser: Client, field: str, value: str
) -> None:
    answer = superuser.post("/tenants/tenant/add/", {**NEW, field: value})
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert "Peter@initech.test" in answer.content.decode() or field == "owner_email"
    assert not Tenant.objects.filter(slug="initech").exists()


def test_the_page_of_a_tenant_shows_its_usage_health_and_plan(
    superuser: Client, globex: Tenant
) -> None:
    TenantUsage.objects.create(
        tenant=globex,
        day=timezone.now().date(),
        clusters=3,
        clusters_failing=2,
        workloads=1234,
        storage_bytes=10_485_760,
        last_data_at=timezone.now() - dt.timedelta(hours=3),
    )
    JobFailure.objects.create(tenant=globex, task="costs.refresh", job_id="1", error="Boom")
    shown = superuser.get(page(globex)).content.decode()
    for words in ("3, 2 failing", "1,234", "10.0", "3 h ago", "not measured", "1 open", "SaaS"):
        assert words in shown, words


def test_a_tenants_list_names_failing_clusters_and_open_failures(
    superuser: Client, globex: Tenant
) -> None:
    for number in (1, 2):
        JobFailure.objects.create(tenant=globex, task="x", job_id=str(number), error="Boom")
    JobFailure.objects.create(
        tenant=globex, task="x", job_id="3", error="Boom", dismissed_at=timezone.now()
    )
    rows = superuser.get("/tenants/tenant/").context["cl"].result_list
    assert {row.slug: row.open_failures for row in rows} == {"acme": 0, "globex": 2}


def test_a_plan_is_changed_with_a_reason_and_a_downgrade_stays_readable(
    superuser: Client, globex: Tenant
) -> None:
    answer = superuser.post(page(globex, "plan"), {"plan": "community", "reason": ""})
    assert answer.status_code == 422
    superuser.post(page(globex, "plan"), {"plan": "community", "reason": "Asked for it"})
    row = fresh(globex)
    assert (row.plan, row.lapsed_plan) == ("community", "saas")
    assert "readable until" in superuser.get(page(globex)).content.decode()


def test_a_trial_is_started_and_ended(superuser: Client, globex: Tenant) -> None:
    trial = {"plan": "enterprise", "days": "14", "reason": "They asked"}
    assert superuser.post(page(globex, "trial"), trial).status_code == 302
    assert fresh(globex).trial_at(timezone.now()) == "enterprise"
    assert superuser.post(page(globex, "trial/end"), {"reason": "Enough"}).status_code == 302
    assert fresh(globex).trial_at(timezone.now()) is None
    assert superuser.post(page(globex, "trial/end"), {"reason": "Enough"}).status_code == 422


def test_a_tenant_is_suspended_resumed_and_renamed(superuser: Client, globex: Tenant) -> None:
    superuser.post(page(globex, "suspend"), {"reason": "Unpaid"})
    assert fresh(globex).status == "suspended"
    superuser.post(page(globex, "resume"), {"reason": "Paid"})
    assert fresh(globex).status == "active"
    superuser.post(page(globex, "rename"), {"name": "  Globex Corp "})
    assert fresh(globex).name == "Globex Corp"


@pytest.mark.parametrize("typed", ["", "Globex", "acme", "globex!"])
def test_nothing_is_deleted_until_the_short_name_is_typed(
    superuser: Client, globex: Tenant, typed: str
) -> None:
    shown = superuser.get(page(globex, "erase")).content.decode()
    assert "This cannot be undone" in shown
    assert "globex.localhost" in shown
    assert superuser.post(page(globex, "erase"), {"typed": typed}).status_code == 422
    assert fresh(globex).status == "active"


def test_a_typed_deletion_closes_the_tenant_at_once_and_a_job_does_the_rest(
    superuser: Client, eager: None, django_capture_on_commit_callbacks: Any
) -> None:
    tenant = services.create_tenant(name="Initech", slug="initech")
    with django_capture_on_commit_callbacks() as callbacks:
        answer = superuser.post(page(tenant, "erase"), {"typed": "initech"})
    assert answer["Location"] == page(tenant, "deletion")
    assert fresh(tenant).status == "deleting"
    assert Client(HTTP_HOST="initech.localhost").get("/sign-in/").status_code == 404
    assert "Running." in superuser.get(page(tenant, "deletion")).content.decode()
    callbacks[0]()
    shown = superuser.get(page(tenant, "deletion")).content.decode()
    assert "Done." in shown
    assert "Initech (initech)" in shown
    assert not Tenant.objects.filter(slug="initech").exists()


def test_a_deletion_that_failed_says_so_and_is_run_again(
    superuser: Client,
    eager: None,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant = services.create_tenant(name="Initech", slug="initech")

    def fail(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr("tenants.provisioning.drop_schema_and_role", fail)
        with django_capture_on_commit_callbacks(execute=True):
            superuser.post(page(tenant, "erase"), {"typed": "initech"})
    assert (
        "Failed</strong> with OSError" in superuser.get(page(tenant, "deletion")).content.decode()
    )
    failure = JobFailure.objects.get()
    superuser.post(f"/tenants/jobfailure/{failure.pk}/retry/")
    assert "Done." in superuser.get(page(tenant, "deletion")).content.decode()


def test_the_part_that_htmx_asks_for_is_the_part_alone(superuser: Client, globex: Tenant) -> None:
    answer = superuser.get(page(globex, "deletion"), HTTP_HX_REQUEST="true")
    assert "Nobody asked" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_domains_are_added_made_primary_and_removed(superuser: Client, globex: Tenant) -> None:
    add = page(globex, "domains/add")
    assert superuser.post(add, {"domain": "Costs.Globex.example"}).status_code == 302
    first, second = Domain.objects.filter(tenant=globex).order_by("pk")
    assert second.domain == "costs.globex.example"
    superuser.post(page(globex, f"domains/{second.pk}/primary"))
    assert globex.primary_domain == "costs.globex.example"
    superuser.post(page(globex, f"domains/{first.pk}/remove"))
    assert [row.domain for row in Domain.objects.filter(tenant=globex)] == ["costs.globex.example"]
    refused = superuser.post(page(globex, f"domains/{second.pk}/remove"))
    assert refused.status_code == 422
    Domain.objects.filter(pk=second.pk).update(domain="globex.localhost")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "admin.localhost",
        "api.localhost",
        "10.0.0.1",
        "http://x.example",
        "x.example:80",
        "-x.example",
        "x..example",
        "x_y.example",
        "bücher.example",
        "single",
        "x.example.",
        "a" * 64 + ".example",
    ],
)
def test_a_host_that_no_tenant_may_have_is_refused(
    superuser: Client, globex: Tenant, host: str
) -> None:
    with pytest.raises(InvalidInput):
        domains.add_domain(globex, host)
    answer = superuser.post(page(globex, "domains/add"), {"domain": host})
    assert answer.status_code == 422


def test_a_taken_host_is_an_error_beside_the_field(superuser: Client, globex: Tenant) -> None:
    answer = superuser.post(page(globex, "domains/add"), {"domain": "ACME.localhost"})
    assert answer.context["form"].errors["domain"]
    with pytest.raises(Conflict):
        domains.add_domain(globex, "acme.localhost")


def test_another_tenants_domain_is_not_moved_by_this_tenants_address(
    superuser: Client, acme: Tenant, globex: Tenant
) -> None:
    with public_context():
        of_acme = domains.add_domain(acme, "costs.acme.example")
        for action in ("primary", "remove"):
            superuser.post(page(globex, f"domains/{of_acme.pk}/{action}"))
        assert Domain.objects.get(pk=of_acme.pk).tenant_id == acme.pk
        assert acme.primary_domain == "acme.localhost"


def test_a_staff_host_that_is_a_tenants_domain_stops_the_start(
    globex: Tenant, settings: Any
) -> None:
    assert staff_host_findings() == []
    settings.STAFF_HOST = "globex.localhost"
    (finding,) = staff_host_findings()
    assert finding.id == "tenants.E032"


def test_the_dashboard_counts_what_needs_attention(superuser: Client, globex: Tenant) -> None:
    with public_context():
        Tenant.objects.filter(pk=globex.pk).update(
            trial_plan="enterprise", trial_ends_at=timezone.now() + dt.timedelta(days=3)
        )
        JobFailure.objects.create(tenant=globex, task="costs.refresh", job_id="1", error="Boom")
    shown = superuser.get("/")
    figures = {figure["name"]: figure["value"] for figure in shown.context["figures"]}
    assert figures["Trials ending"] == "1"
    assert figures["Failed jobs"] == "1"
    assert figures["Failing clusters"] == "—"  # nothing was measured, which is not zero
    assert "costs.refresh" in shown.content.decode()
