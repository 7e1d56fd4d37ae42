"""One tick of beat reaches every tenant that may work, and no other."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from costinsights.accounts.models import TenantSession
from costinsights.accounts.tasks import forget_expired_sessions
from costinsights.celery import app
from costinsights.core.tasks import TENANT_HEADER
from tenants.models import Tenant
from tenants.services import suspend_tenant
from tenants.tasks import for_every_tenant


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    messages: list[int] = []
    monkeypatch.setattr(
        "celery.app.task.Task.apply_async",
        lambda *_, headers, **__: messages.append(headers[TENANT_HEADER]),
    )
    return messages


def test_a_tick_sends_the_job_to_every_active_tenant(
    acme: Tenant, globex: Tenant, sent: list[int]
) -> None:
    suspend_tenant(globex)
    assert for_every_tenant(task="accounts.forget_expired_sessions") == 1
    assert sent == [acme.pk]


def test_a_job_of_the_platform_is_not_sent_to_tenants(acme: Tenant, sent: list[int]) -> None:
    with pytest.raises(TypeError):
        for_every_tenant(task="tenants.for_every_tenant")
    assert sent == []


def test_every_scheduled_tick_names_jobs_that_exist() -> None:
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert entry.get("kwargs", {}).get("task", entry["task"]) in app.tasks


def test_expired_sessions_are_forgotten_and_live_ones_kept(acme: Tenant) -> None:
    now: Any = timezone.now()
    for key, hours in (("old", -1), ("new", 1)):
        TenantSession.objects.create(
            session_key=key, session_data="", expire_date=now + timedelta(hours=hours)
        )
    assert forget_expired_sessions() == 1
    assert [session.pk for session in TenantSession.objects.all()] == ["new"]
