"""A worker that is killed leaves a lease behind: somebody is woken when it is over."""

import datetime as dt

import pytest
import time_machine

from costinsights.core.tenancy import current_tenant
from costinsights.costs.history import tasks
from costinsights.costs.history.in_hand import note_in_hand, take_overdue
from costinsights.costs.history.ledger import LEASE, plan
from tenants.models import Tenant
from tenants.services import suspend_tenant
from tests.factories.costs import ClusterFactory

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 23, 12, 5, tzinfo=dt.UTC)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The workspaces that a reading job was sent for."""
    found: list[str] = []
    monkeypatch.setattr(tasks.keep_history, "delay", lambda: found.append(current_tenant().slug))
    return found


def test_a_lease_that_ran_out_wakes_its_workspace_once(acme: Tenant, woken: list[str]) -> None:
    plan(ClusterFactory.create(), now=NOON, retention_days=400)
    note_in_hand(NOON + LEASE)
    with time_machine.travel(NOON + LEASE / 2, tick=False):
        assert tasks.take_over_history() == 0
    with time_machine.travel(NOON + LEASE, tick=False):
        assert (tasks.take_over_history(), tasks.take_over_history()) == (1, 0)
    assert woken == ["acme"]


def test_a_lease_that_is_renewed_wakes_nobody(acme: Tenant) -> None:
    note_in_hand(NOON)
    note_in_hand(NOON + LEASE)
    assert take_overdue(NOON + LEASE / 2) == []


def test_a_workspace_that_may_not_work_is_left_alone(acme: Tenant, woken: list[str]) -> None:
    plan(ClusterFactory.create(), now=NOON, retention_days=400)
    note_in_hand(NOON)
    suspend_tenant(acme)
    with time_machine.travel(NOON + LEASE, tick=False):
        assert tasks.take_over_history() == 0
    assert woken == []
