"""Every route × method × principal with the other tenant's ids: no byte of it, no change to it."""

import hashlib
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from costinsights.accounts import token_services
from costinsights.accounts.models import Role, Scope, User
from costinsights.accounts.sessions import session_id_of
from costinsights.core.tenancy import public_context, tenant_connection, tenant_context
from tenants.models import StaffUser, SupportGrant, Tenant
from tests.database import admin_connection
from tests.isolation.conftest import Ledger, Seeded
from tests.isolation.routes import METHODS, Route, routes
from tests.isolation.seeding import SAME_EMAIL, SAME_PASSWORD, tenant_models
from tests.tenants.staff import addresses, member, signed_in

# How a place in an address is filled with something of the other tenant. A new kind of place fails
# the build until it is listed here.
FOREIGN: dict[str, Any] = {
    "slug": lambda rows: rows["costs.Cluster"].slug,
    "label_key_id": lambda rows: str(rows["costs.LabelKey"].pk),
    "view_slug": lambda rows: rows["costs.SavedView"].slug,
    "annotation_id": lambda rows: str(rows["costs.Annotation"].pk),
    "budget_id": lambda rows: str(rows["costs.Budget"].pk),
    "month": lambda rows: str(rows["reporting.Period"]),
    "statement_id": lambda rows: str(rows["reporting.Statement"].pk),
    "dispute_id": lambda rows: str(rows["reporting.Dispute"].pk),
    "report_id": lambda rows: str(rows["reporting.ReportDefinition"].pk),
    "run_id": lambda rows: str(rows["reporting.ReportRun"].pk),
    "schedule_id": lambda rows: str(rows["reporting.ReportSchedule"].pk),
    "file_number": lambda rows: "1",
    "position": lambda rows: "1",
    "revision": lambda rows: "0",
    "format": lambda rows: "csv",
    "rate_id": lambda rows: str(rows["costs.ExchangeRate"].pk),
    "center_id": lambda rows: str(rows["reporting.CostCenter"].pk),
    "mapping_rule_id": lambda rows: str(rows["reporting.MappingRule"].pk),
    "share_rule_id": lambda rows: str(rows["reporting.ShareRule"].pk),
    "key_id": lambda rows: rows["accounts.ApiToken"].key_id,
    "member_id": lambda rows: str(rows["accounts.User"].pk),
    "invitation_id": lambda rows: str(rows["accounts.Invitation"].pk),
    "invitation_secret": lambda rows: "c9w3mn0123456789abcdef",
    "session_id": lambda rows: session_id_of(rows["accounts.TenantSession"].session_key),
    "provider_id": lambda rows: str(rows["accounts.IdentityProvider"].pk),
    "provider_slug": lambda rows: rows["accounts.IdentityProvider"].slug,
    "grant_id": lambda rows: str(grant_of("acme").pk),
    "decision": lambda rows: "approve",
    "uidb64": lambda rows: "MQ",
    "token": lambda rows: "c9w3mn-0123456789abcdef",
}


def grant_of(slug: str) -> SupportGrant:
    """Staff's open request to look into a tenant: a row of the public schema that belongs to it."""
    with public_context():
        staff, _ = StaffUser.objects.get_or_create(email="ops@platform.test")
        tenant = Tenant.objects.get(slug=slug)
        reason = f"CANARY-{slug} of a support request"
        return SupportGrant.objects.get_or_create(tenant=tenant, staff=staff, reason=reason)[0]


def principals(seeded: Seeded) -> dict[str, Client]:
    """Who knocks at the tenant's door: nobody, an owner, a viewer, a program."""
    host = f"{seeded.tenant.slug}.localhost"
    made = {
        name: Client(HTTP_HOST=host, raise_request_exception=False)
        for name in ("nobody", "owner", "viewer")
    }
    with tenant_context(seeded.tenant):
        viewer = User.objects.create(email="viewer@same.test", role=Role.VIEWER)
        viewer.set_password(SAME_PASSWORD)
        viewer.save()
        token = token_services.create_token(
            user=User.objects.get(email=SAME_EMAIL),
            name="probe",
            scopes=[Scope.READ, Scope.WRITE],
            at=timezone.now(),
        )
    for name, email in (("owner", SAME_EMAIL), ("viewer", "viewer@same.test")):
        answer = made[name].post("/sign-in/", {"email": email, "password": SAME_PASSWORD})
        assert answer.status_code == 302, answer.content
    made["program"] = Client(
        HTTP_HOST=host, HTTP_AUTHORIZATION=f"Bearer {token.text}", raise_request_exception=False
    )
    return made


def state_of(seeded: Seeded) -> str:
    """A fingerprint of every row of the tenant, read past the wall on this very connection."""
    digest = hashlib.sha256()
    with tenant_context(seeded.tenant):
        for model in tenant_models():
            for row in model._default_manager.order_by("pk").values():
                digest.update(str(row).encode())
    return digest.hexdigest()


def everything(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode(errors="replace") + str(answer.headers) + str(answer.cookies)


@pytest.mark.parametrize("route", routes(settings.ROOT_URLCONF), ids=lambda route: route.name)
def test_a_route_shows_and_changes_nothing_of_another_tenant(
    seeded_acme: Seeded, seeded_globex: Seeded, ledger: Ledger, route: Route
) -> None:
    unknown = set(route.parameters) - set(FOREIGN)
    assert not unknown, f"tell tests/isolation/test_routes.py how to fill {unknown}"
    values = {name: FOREIGN[name](seeded_acme.rows) for name in route.parameters}
    before = state_of(seeded_acme)
    grant = grant_of("acme")
    foreign = {
        "cluster": seeded_acme.rows["costs.Cluster"].slug,  # type: ignore[attr-defined]  # seeded by label
        "q": seeded_acme.canary,
        "filter": f'cluster:"{seeded_acme.canary}"',
        "id": str(seeded_acme.rows["accounts.User"].pk),
    }
    for who, client in principals(seeded_globex).items():
        for method in METHODS:
            for data in ({}, foreign):
                address = route.filled(values)
                kind = (
                    {}
                    if method in ("get", "head", "options")
                    else {"content_type": "application/json"}
                )
                answer = getattr(client, method)(address, data, **kind)
                # What the probe itself sent may come back; the tenant's own rows may not.
                shown = everything(answer)
                for sent in (address, *data.values(), *values.values()):
                    shown = shown.replace(sent, "")
                leaked = seeded_acme.canary in shown or "CANARY-acme" in shown
                ledger.probe(f"{who} {method} {address} {answer.status_code}", leaked=leaked)
                assert answer.status_code < 500, f"{method} {address}: {answer.status_code}"
    with public_context():
        grant.refresh_from_db()
    ledger.probe(f"{route.name}: acme's request answered", leaked=grant.state != "requested")
    ledger.probe(f"{route.name}: acme changed", leaked=state_of(seeded_acme) != before)
    ledger.settle()


def test_the_platforms_routes_show_nothing_of_any_tenant(
    seeded_acme: Seeded, public_client: Client, ledger: Ledger
) -> None:
    for route in routes(settings.PUBLIC_SCHEMA_URLCONF):
        for method in METHODS:
            answer = getattr(public_client, method)(
                route.filled(dict.fromkeys(route.parameters, "1"))
            )
            ledger.probe(f"{method} {route.path}", leaked="CANARY-" in everything(answer))
    ledger.settle()


def test_the_staff_host_shows_nothing_of_any_tenant_even_to_a_superuser(
    seeded_acme: Seeded, seeded_globex: Seeded, ledger: Ledger
) -> None:
    with public_context():
        staff = signed_in(member("root@platform.test", superuser=True))
        tenant_id = str(seeded_acme.tenant.pk)
    staff.raise_request_exception = False
    for address in addresses(tenant_id):
        for method in ("get", "head", "options"):
            answer = getattr(staff, method)(address)
            ledger.probe(f"{method} {address}", leaked="CANARY-" in everything(answer))
            assert answer.status_code < 500, f"{method} {address}: {answer.status_code}"
    ledger.settle()


def test_no_tenant_model_is_registered_for_staff() -> None:
    from django.contrib import admin

    assert not set(tenant_models()) & set(admin.site._registry)


def test_the_tables_that_are_walked_are_the_tables_that_exist(seeded_acme: Seeded) -> None:
    """A new tenant table without a model here would go unprobed."""
    with admin_connection(tenant_connection.settings_dict["NAME"]) as admin:
        tables = {
            row[0]
            for row in admin.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s",
                [seeded_acme.tenant.schema_name],
            )
        }
    walked = {model._meta.db_table for model in tenant_models()}
    # Rows of a relation between two tables that are walked; they hold ids and no text.
    walked |= {
        field.m2m_db_table() for model in tenant_models() for field in model._meta.many_to_many
    }
    assert tables - {"django_migrations"} == walked
