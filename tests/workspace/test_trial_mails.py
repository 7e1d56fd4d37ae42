"""Owners are told before a trial ends and when it has, each once."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core import mail

from costinsights.accounts.models import Role
from costinsights.core.tenancy import public_context, tenant_context
from costinsights.workspace.plan import trial_mail
from costinsights.workspace.tasks import measure_usage, tell_trial_ends
from tenants.models import Tenant, TenantUsage
from tenants.trials import start_trial
from tests.factories.accounts import UserFactory

START = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def on_trial(globex: Tenant) -> Tenant:
    """globex (SaaS) tries Enterprise for 14 days from START; it has two owners and a viewer."""
    start_trial(tenant=globex, plan="enterprise", days=14, at=START, reason="asked for it")
    with tenant_context(globex):
        for email in ("olga@globex.test", "omar@globex.test"):
            UserFactory.create(email=email, role=Role.OWNER)
        UserFactory.create(role=Role.VIEWER)
        UserFactory.create(role=Role.OWNER, is_active=False)
    return globex


def run_hourly(tenant: Tenant, clock: Any, *, days: int) -> None:
    """What beat does: the job every few hours."""
    for step in range(days * 4):
        clock.move_to(START + step * DAY / 4)
        with public_context():
            row = Tenant.objects.get(pk=tenant.pk)
        with tenant_context(row):
            tell_trial_ends()


def test_each_owner_gets_one_mail_before_and_one_after_the_end(on_trial: Tenant) -> None:
    with time_machine.travel(START, tick=False) as clock:
        run_hourly(on_trial, clock, days=20)
    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([owner], subject)
        for subject in (
            "The Enterprise trial of Globex ends on 16 March 2026",
            "The Enterprise trial of Globex has ended",
        )
        for owner in ("olga@globex.test", "omar@globex.test")
    ]


def test_the_mail_says_what_happens_and_leads_to_the_plan(on_trial: Tenant) -> None:
    with time_machine.travel(START + 12 * DAY, tick=False), tenant_context(on_trial):
        assert tell_trial_ends() == 2
    text = " ".join(str(mail.outbox[0].body).split())
    assert "ends on 16 March 2026, 12:00 UTC" in text
    assert "nothing is deleted before that day" in text
    assert "http://globex.localhost/settings/plan/" in text


def test_a_mail_that_could_not_be_sent_is_sent_by_the_next_run(
    on_trial: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise OSError

    with time_machine.travel(START + 12 * DAY, tick=False), tenant_context(on_trial):
        with monkeypatch.context() as broken:
            broken.setattr("costinsights.workspace.plan.trial_mail.send_mail", fail)
            with pytest.raises(OSError):  # noqa: PT011  # the mail server's own
                tell_trial_ends.run()
        assert tell_trial_ends() == 2


def test_two_workers_at_once_send_one_mail(on_trial: Tenant) -> None:
    """Both read the tenant's row before either has noted that the mail goes out."""
    at = START + 12 * DAY
    with public_context():
        rows = [Tenant.objects.get(pk=on_trial.pk) for _ in range(2)]
    sent = []
    for row in rows:
        with tenant_context(row):
            sent.append(trial_mail.tell_trial_ends(at=at))
    assert sent == [2, 0]


def test_the_hourly_job_measures(globex: Tenant) -> None:
    with tenant_context(globex):
        measure_usage()
    with public_context():
        assert TenantUsage.objects.get(tenant=globex).clusters == 0
