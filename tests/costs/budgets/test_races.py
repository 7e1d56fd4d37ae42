"""Many evaluations of one budget at once: each threshold is noted once and mailed once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from costinsights.accounts.models import User
from costinsights.core.tenancy import find_tenant, tenant_context
from costinsights.costs.budgets import services
from costinsights.costs.budgets.evaluation import evaluate
from costinsights.costs.budgets.mails import send_due_mails
from costinsights.costs.budgets.models import Budget, BudgetEvent
from tests.costs.budgets.conftest import YESTERDAY
from tests.costs.history.books import NOW
from tests.costs.history.months import stored_days
from tests.factories.accounts import UserFactory
from tests.factories.costs import ClusterFactory

pytestmark = pytest.mark.django_db(transaction=True)
RACERS = 6


def raced(act: Callable[[], Any]) -> list[Any]:
    """What each of several threads of acme answers that begin together, on connections of their own."""
    together = threading.Barrier(RACERS)

    def run(_: int) -> Any:
        try:
            with tenant_context(find_tenant("acme")):
                together.wait(timeout=30)
                return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def test_racing_evaluations_note_and_mail_each_threshold_once() -> None:
    with tenant_context(find_tenant("acme")):
        owner: User = UserFactory.create(role="analyst")
        stored_days(ClusterFactory.create(currency="USD"), YESTERDAY.replace(day=1), YESTERDAY)
        draft = services.checked_draft(name="Shop", amount="275", currency="USD", by=owner, now=NOW)
        pk = services.make_budget(draft=draft, at=NOW).pk
    raced(lambda: evaluate(Budget.objects.get(pk=pk), now=NOW))
    assert sum(raced(lambda: send_due_mails(now=NOW))) == len(mail.outbox) == 1
    with tenant_context(find_tenant("acme")):
        assert BudgetEvent.objects.count() == 3
        assert not BudgetEvent.objects.filter(mailed_at=None).exists()
        assert Budget.objects.get(pk=pk).standing.spent == 220_000_000
