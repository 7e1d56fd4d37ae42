"""The thread that renews a lease while OpenCost takes its time, and lets go when it is not needed."""

import datetime as dt
import threading
from contextlib import AbstractContextManager

import pytest
from django.db import connection

from costinsights.core.tenancy import tenant_context
from costinsights.costs.history import ledger
from costinsights.costs.history.leases import lease_kept
from costinsights.costs.history.ledger import Claim
from costinsights.costs.history.models import Snapshot
from costinsights.local.processes import wait_until
from tenants.models import Tenant
from tests.factories.costs import ClusterFactory

pytestmark = [pytest.mark.django_db(transaction=True)]
NOON = dt.datetime(2026, 11, 23, 12, 5, tzinfo=dt.UTC)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Claim:
    """A window of acme in our hands, for three tenths of a second at a time."""
    monkeypatch.setattr(ledger, "LEASE", dt.timedelta(seconds=0.3))
    with tenant_context(Tenant.objects.get(slug="acme")):
        ledger.plan(ClusterFactory.create(), now=NOON, retention_days=400)
        claim = ledger.claim(now=NOON)
    assert claim is not None
    return claim


def leased_until(held: Claim) -> dt.datetime:
    found = Snapshot.objects.get(pk=held.snapshot.pk).leased_until
    assert found is not None
    return found


def is_overdue(held: Claim) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp() > %s", [held.snapshot.leased_until])
        return bool(cursor.fetchone()[0])


def kept(held: Claim) -> AbstractContextManager[None]:
    """As a worker keeps it, many times within a lease."""
    return lease_kept(lambda: ledger.renew(held), every_seconds=0.05)


def keepers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "lease"]


def test_a_lease_is_renewed_for_as_long_as_the_answer_takes(held: Claim) -> None:
    with tenant_context(Tenant.objects.get(slug="acme")), kept(held):
        assert wait_until(lambda: is_overdue(held), seconds=10)
        assert ledger.claim(now=NOON) is None  # far beyond the first lease, it is still ours
        assert leased_until(held) > held.snapshot.leased_until  # type: ignore[operator]  # just claimed: it has one
    assert keepers() == []


def test_the_thread_ends_when_somebody_else_has_the_window(held: Claim) -> None:
    with tenant_context(Tenant.objects.get(slug="acme")), kept(held):
        Snapshot.objects.filter(pk=held.snapshot.pk).update(attempt=held.attempt + 1)
        assert wait_until(lambda: keepers() == [], seconds=10)
        renewed = leased_until(held)
        assert leased_until(held) == renewed


def test_the_thread_ends_when_the_reading_fails(held: Claim) -> None:
    with (
        tenant_context(Tenant.objects.get(slug="acme")),
        pytest.raises(RuntimeError),
        kept(held),
    ):
        raise RuntimeError
    assert keepers() == []
