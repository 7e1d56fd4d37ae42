"""What carries an identity — cookie, token, link, cache, job — is worth nothing in another tenant."""

from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from costinsights.accounts import token_services
from costinsights.accounts.models import Scope, TenantSession, User
from costinsights.core.tasks import TENANT_HEADER, TenantTask
from costinsights.core.tenancy import (
    TenantMissing,
    TenantSuspended,
    public_context,
    tenant_context,
)
from tenants.models import Tenant
from tenants.services import resume_tenant, suspend_tenant
from tests.isolation.conftest import Ledger, Seeded
from tests.isolation.seeding import SAME_EMAIL, SAME_PASSWORD

# Jobs that work for the platform rather than for a tenant, each with the reason.
PLATFORM_JOBS = {
    "tenants.delete_tenant": "removes a tenant that is closed already; acts as the owner, never inside",
    "tenants.forget_old_rows": "deletes old rows of the public schema",
    "costs.take_over_history": "reads one key of the installation's and sends each workspace in it a job",
    "workspace.check_platform_audit_log": "checks the platform's own audit log",
    "operations.heartbeat": "says that a worker is alive; touches one key of the installation's",
    "tenants.for_every_tenant": "lists the active tenants and sends each a job that enters it",
    "workspace.send_sign_up_link": "mails somebody who has no workspace yet",
    "workspace.forget_old_sign_ups": "deletes rows of the platform's own table of sign-ups",
}


def test_a_session_of_one_tenant_is_nobody_in_another(
    seeded_acme: Seeded, seeded_globex: Seeded, ledger: Ledger
) -> None:
    """Same member, same key, same password hash in both: only the schema tells them apart."""
    home = Client(HTTP_HOST="acme.localhost")
    assert (
        home.post("/sign-in/", {"email": SAME_EMAIL, "password": SAME_PASSWORD}).status_code == 302
    )
    for path in ("/", "/settings/profile/", "/settings/tokens/", "/clusters/", "/api/v1/me"):
        away = Client(HTTP_HOST="globex.localhost")
        away.cookies = home.cookies
        answer = away.get(path)
        ledger.probe(f"session at {path}", leaked=answer.status_code == 200)
    ledger.settle()


def test_a_session_row_copied_into_another_schema_is_worth_nothing(
    seeded_acme: Seeded, seeded_globex: Seeded, ledger: Ledger
) -> None:
    client = Client(HTTP_HOST="acme.localhost")
    client.post("/sign-in/", {"email": SAME_EMAIL, "password": SAME_PASSWORD})
    key = client.cookies["session"].value
    with tenant_context(seeded_acme.tenant):
        values = TenantSession.objects.filter(pk=key).values().get()
    with tenant_context(seeded_globex.tenant):
        values["user_id"] = User.objects.get(email=SAME_EMAIL).pk
        TenantSession.objects.create(**values)
    client.defaults["HTTP_HOST"] = "globex.localhost"
    ledger.probe("copied session", leaked=client.get("/settings/profile/").status_code == 200)
    ledger.settle()


def test_a_token_of_one_tenant_opens_nothing_in_another(
    seeded_acme: Seeded, seeded_globex: Seeded, ledger: Ledger
) -> None:
    with tenant_context(seeded_acme.tenant):
        token = token_services.create_token(
            user=User.objects.get(email=SAME_EMAIL),
            name="probe",
            scopes=[Scope.READ],
            at=timezone.now(),
        )
    for path in ("/api/v1/me", "/api/v1/clusters/", "/api/v1/costs/current", "/api/v1/tokens/"):
        client = Client(HTTP_AUTHORIZATION=f"Bearer {token.text}")
        assert client.get("/api/v1/me", HTTP_HOST="acme.localhost").status_code == 200
        answer = client.get(path, HTTP_HOST="globex.localhost")
        ledger.probe(f"token at {path}", leaked=answer.status_code != 401)
    ledger.settle()


def test_a_cached_value_is_not_found_by_another_tenant(
    seeded_acme: Seeded, globex: Tenant, ledger: Ledger
) -> None:
    keys = [f"key-{number}" for number in range(50)]
    for key in keys:
        cache.set(key, seeded_acme.canary)
    with tenant_context(globex):
        for key in keys:
            ledger.probe(key, leaked=cache.get(key) is not None)
        cache.set_many(dict.fromkeys(keys, "globex"))
    for key in keys:
        ledger.probe(f"{key} overwritten", leaked=cache.get(key) != seeded_acme.canary)
    ledger.settle()


def product_jobs() -> list[str]:
    current_app.loader.import_default_modules()
    return sorted(name for name in current_app.tasks if not name.startswith(("celery.", "tests.")))


@pytest.mark.parametrize("name", product_jobs())
def test_every_job_runs_inside_a_tenant_or_says_why_not(name: str) -> None:
    assert name in PLATFORM_JOBS or isinstance(current_app.tasks[name], TenantTask)


@pytest.mark.parametrize("name", product_jobs())
def test_a_job_without_a_working_tenant_never_starts(
    seeded_acme: Seeded, globex: Tenant, ledger: Ledger, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name in PLATFORM_JOBS:
        return
    task = current_app.tasks[name]
    started: list[str] = []
    monkeypatch.setattr(task, "run", lambda *_, **__: started.append(str(connection.schema_name)))  # type: ignore[attr-defined]  # ours
    suspend_tenant(globex)
    for header in (..., None, "", "public", "acme", 0, -1, 10**9, True, [1], {"id": 1}, globex.pk):
        for retries in (0, 1, 3):
            headers: dict[str, Any] = {} if header is ... else {TENANT_HEADER: header}
            task.push_request(
                called_directly=False, is_eager=True, headers=headers, retries=retries
            )
            refused = False
            try:
                with public_context():
                    task()
            except (TenantMissing, TenantSuspended):
                refused = True
            finally:
                task.pop_request()
            ledger.probe(f"{name} for {header!r}", leaked=not refused or bool(started))
    resume_tenant(globex)
    ledger.settle()
