"""A job that names a feature runs only for tenants that have it open; otherwise it is skipped, not failed."""

from typing import Any

import pytest
from celery import shared_task
from django.utils import timezone
from structlog.testing import capture_logs

from costinsights.core.tasks import TenantTask
from costinsights.core.tenancy import tenant_context
from tenants.features import Feature
from tenants.models import Plan, Tenant
from tenants.trials import change_plan
from tests.tenants.test_gates import switch

ran: list[str] = []


@shared_task(base=TenantTask, name="tests.close_the_books", feature=Feature.REPORTING)
def close_the_books() -> str:
    ran.append("closed")
    return "closed"


@pytest.fixture(autouse=True)
def _forget() -> None:
    ran.clear()


def test_a_job_runs_where_its_feature_is_open(acme: Tenant) -> None:
    assert close_the_books() == "closed"


def test_a_job_is_skipped_where_the_plan_lacks_its_feature(acme: Tenant, globex: Tenant) -> None:
    with tenant_context(globex), capture_logs() as lines:
        assert close_the_books() is None
    assert ran == []
    (line,) = [line for line in lines if line["event"] == "job_skipped"]
    assert (line["feature"], line["access"]) == ("reporting", "closed")


def test_a_job_is_skipped_while_its_feature_is_read_only(acme: Tenant) -> None:
    change_plan(tenant=acme, plan=Plan.SAAS, at=timezone.now(), reason="their wish")
    with capture_logs() as lines:
        close_the_books()
    assert ran == []
    assert [line["access"] for line in lines] == ["read_only"]


def test_the_kill_switch_stops_a_job_on_retry_too(acme: Tenant) -> None:
    switch(Feature.REPORTING, active=False)
    task: Any = close_the_books
    task.push_request(called_directly=True, is_eager=True, retries=2)
    try:
        assert task() is None
    finally:
        task.pop_request()
    assert ran == []
