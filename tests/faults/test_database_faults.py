"""A database in trouble in the middle of a window: nothing partial, an error that says so, and then it goes on."""

import datetime as dt
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, connection

from costinsights.core.tenancy import tenant_connection, tenant_context
from costinsights.costs.history import ingest, ledger
from costinsights.costs.history.ingest import ingest_next
from costinsights.costs.history.models import Snapshot
from costinsights.costs.history.verify import verify_history
from costinsights.local.demo_opencost import OpenCostServer
from tenants.models import Tenant
from tests.costs.history.books import column_sums
from tests.database import admin_connection
from tests.factories.costs import ClusterFactory
from tests.faults.books import compare
from tests.faults.conftest import survived
from tests.faults.database_faults import FAULTS
from tests.faults.figures import Figures
from tests.faults.source import Source

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NOON = dt.datetime(2026, 11, 23, 12, 20, tzinfo=dt.UTC)


@pytest.fixture
def source() -> Iterator[Source]:
    """A cluster of acme with two days of hours to read; the test runs inside acme."""
    source = Source(1, workloads=12)
    with (
        OpenCostServer({"troubled": source}) as opencost,
        tenant_context(Tenant.objects.get(slug="acme")),
    ):
        cluster = ClusterFactory.create(slug="troubled", opencost_url=opencost.url("troubled"))
        ledger.plan(cluster, now=NOON, retention_days=400)
        yield source


def faulty(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next window meets the fault when it is written."""
    original = vars(ingest)["write_window"]

    def write(*args: Any, **options: Any) -> Any:
        monkeypatch.undo()
        with FAULTS[name]():
            return original(*args, **options)

    monkeypatch.setattr(ingest, "write_window", write)


def test_no_fault_of_the_database_leaves_half_a_window(
    source: Source, scale: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = 0
    for name in cycle(FAULTS):
        if met == scale.database_faults:
            break
        if not Snapshot.objects.filter(due_at__isnull=False).exists():
            source.edition += 1
            Snapshot.objects.update(due_at=NOON)
        before = column_sums("costs_costhour"), column_sums("costs_grouphour")
        faulty(name, monkeypatch)
        with pytest.raises((DatabaseError, InterfaceError)):
            ingest_next(clock=lambda: NOON)
        met += 1
        assert (column_sums("costs_costhour"), column_sums("costs_grouphour")) == before, name
        assert verify_history().mismatches == [], name
        Snapshot.objects.update(leased_until=None)  # a lease later
        Snapshot.objects.filter(due_at__gt=NOON).update(due_at=NOON)
        assert (outcome := ingest_next(clock=lambda: NOON)), name
        assert outcome.written in ("stored", "restated"), name
    while ingest_next(clock=lambda: NOON) is not None:
        pass
    assert verify_history().mismatches == []
    with admin_connection(connection.settings_dict["NAME"]) as admin:
        schema = tenant_connection.schema_name
        verdict = compare(admin, schema, "troubled", source, since=NOON)
    survived("faults of the database", met, verdict, also=f"{len(FAULTS)} kinds")


def test_a_window_that_takes_the_database_too_long_lets_the_others_pass(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty("statement timeout", monkeypatch)
    with pytest.raises(DatabaseError):
        ingest_next(clock=lambda: NOON)
    put_aside = Snapshot.objects.get(due_at__gt=NOON)
    outcome = ingest_next(clock=lambda: NOON)
    assert outcome is not None
    assert outcome.claim.snapshot.pk != put_aside.pk
