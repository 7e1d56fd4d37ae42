"""A job runs inside its tenant or not at all, on retry too."""

from typing import Any

import pytest
from celery import shared_task
from django.db import connection

from costinsights.core.tasks import TENANT_HEADER, TenantTask
from costinsights.core.tenancy import (
    NoTenant,
    TenantMissing,
    TenantSuspended,
    public_context,
    tenant_context,
)
from tenants.models import Tenant
from tenants.services import suspend_tenant

seen: list[str] = []


@shared_task(base=TenantTask, name="tests.who_am_i")
def who_am_i() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        seen.append(cursor.fetchone()[0])


@pytest.fixture(autouse=True)
def _forget() -> None:
    seen.clear()


def run(header: Any, **request: Any) -> None:
    """Run the job as a worker does: only the message says for whom."""
    task = who_am_i._get_current_object() if hasattr(who_am_i, "_get_current_object") else who_am_i
    headers = {} if header is Ellipsis else {TENANT_HEADER: header}
    task.push_request(called_directly=False, is_eager=True, headers=headers, **request)
    try:
        with public_context():
            task(*[])
    finally:
        task.pop_request()


def test_a_job_runs_as_the_tenant_of_its_message(acme: Tenant, globex: Tenant) -> None:
    run(globex.pk)
    assert seen == [globex.database_role]


@pytest.mark.parametrize(
    "header", [..., None, 0, -1, 10**9, "1", "acme", True, 1.5, [1], {"id": 1}, ""]
)
def test_a_job_that_names_no_tenant_never_starts(acme: Tenant, header: Any) -> None:
    with pytest.raises(TenantMissing):
        run(header)
    assert seen == []


def test_a_suspended_tenants_job_is_refused_also_on_retry(acme: Tenant) -> None:
    suspend_tenant(acme)
    for retries in (0, 1):
        with pytest.raises(TenantSuspended):
            run(acme.pk, retries=retries)
    assert seen == []


def test_the_message_carries_the_callers_tenant(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "celery.app.task.Task.apply_async", lambda *_, **options: sent.append(options)
    )
    who_am_i.apply_async(headers={TENANT_HEADER: 999, "other": 1})
    assert sent[0]["headers"] == {TENANT_HEADER: acme.pk, "other": 1}


def test_nothing_can_be_sent_from_the_platform(acme: Tenant) -> None:
    with public_context(), pytest.raises(NoTenant):
        who_am_i.delay()


def test_a_job_is_sent_after_the_commit_for_the_tenant_of_then(
    acme: Tenant,
    globex: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(
        "celery.app.task.Task.apply_async",
        lambda *_, headers, **__: sent.append(headers[TENANT_HEADER]),
    )
    with django_capture_on_commit_callbacks() as callbacks:
        who_am_i.enqueue_on_commit()
    assert sent == []
    with tenant_context(globex):
        callbacks[0]()
    assert sent == [acme.pk]
