"""OpenCost changes its mind about the past: every change is a revision, nothing before it is lost."""

import datetime as dt
from random import Random

import pytest
from django.db import connection

from costinsights.core.tenancy import tenant_context
from costinsights.costs.history import ledger
from costinsights.costs.history.ingest import ingest_next
from costinsights.costs.history.models import Grain, Snapshot
from costinsights.costs.history.verify import verify_history
from costinsights.costs.history.writer import Written
from costinsights.costs.models import Cluster
from costinsights.local.demo_opencost import OpenCostServer
from tenants.models import Tenant
from tests.database import admin_connection
from tests.factories.costs import ClusterFactory
from tests.faults.books import compare
from tests.faults.conftest import survived
from tests.faults.figures import Figures
from tests.faults.source import Source

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NOON = dt.datetime(2026, 11, 23, 12, 20, tzinfo=dt.UTC)


def read_everything() -> list[Written | None]:
    outcomes = []
    while (outcome := ingest_next(clock=lambda: NOON)) is not None:
        outcomes.append(outcome.written)
    return outcomes


def ask_for_everything(cluster: Cluster, chance: Random) -> None:
    """Every window again, in an order that nobody chose."""
    for grain in Grain:
        starts = list(Snapshot.objects.filter(grain=grain).values_list("window_start", flat=True))
        chance.shuffle(starts)
        ledger.ask_again(cluster, now=NOON, starts=starts, grain=grain)
    Snapshot.objects.update(priority=chance.randrange(20))


def test_every_restatement_is_a_revision_that_keeps_the_total_before_it(scale: Figures) -> None:
    source, chance, restated = Source(1, workloads=6), Random(4), 0
    acme = Tenant.objects.get(slug="acme")
    with OpenCostServer({"edited": source}) as opencost, tenant_context(acme):
        cluster = ClusterFactory.create(slug="edited", opencost_url=opencost.url("edited"))
        ledger.plan(cluster, now=NOON, retention_days=400)
        assert set(read_everything()) == {Written.STORED}
        while restated < scale.restatements:
            ask_for_everything(cluster, chance)
            assert set(read_everything()) == {Written.UNCHANGED}  # no edit, no revision
            source.edition += 1
            ask_for_everything(cluster, chance)
            outcomes = read_everything()
            assert set(outcomes) == {Written.RESTATED}
            restated += len(outcomes)
        mismatches = verify_history().mismatches
    with admin_connection(connection.settings_dict["NAME"]) as admin:
        verdict = compare(admin, acme.schema_name, "edited", source, since=NOON)
    survived("windows restated", restated, verdict)
    assert mismatches == []
    assert verdict.revisions == restated
