"""Which days of a layer are read, what an absent layer means, and that allocations are never in its way."""

import datetime as dt

import pytest

from costinsights.core.periods import DAY
from costinsights.costs.history import ledger as allocations
from costinsights.costs.history.models import Snapshot, SnapshotState
from costinsights.costs.history.writer import Written
from costinsights.costs.layers import ledger
from costinsights.costs.layers.facts import day_facts
from costinsights.costs.layers.ingest import ingest_next
from costinsights.costs.layers.models import (
    LayerDay,
    LayerItem,
    LayerRevision,
    LayerSource,
    LayerWindow,
    SourceState,
)
from costinsights.costs.layers.retention import forget_old_days
from costinsights.costs.layers.writer import write_day
from costinsights.costs.models import Cluster
from costinsights.costs.services import remove_cluster
from costinsights.local.demo_opencost import DemoServer, Fault
from costinsights.opencost.errors import LayerAbsent
from costinsights.opencost.layer_rows import Layer, LayerAnswer
from tenants.models import Tenant
from tests.costs.conftest import NOW, PROD, STAGING
from tests.costs.history.books import stored
from tests.costs.layers.books import every_row, layer_cost, layer_stored, reading, states
from tests.costs.rows import cost_row
from tests.factories.costs import ClusterFactory

YESTERDAY = NOW.date() - DAY


def read_everything(now: dt.datetime = NOW) -> list[Written | str | None]:
    """As a worker does, until nothing is due."""
    outcomes: list[Written | str | None] = []
    while (outcome := ingest_next(clock=lambda: now)) is not None:
        outcomes.append(outcome.written or outcome.error_code)
    return outcomes


def plan_and_read(cluster: Cluster, now: dt.datetime = NOW) -> list[Written | str | None]:
    ledger.plan(cluster, now=now, retention_days=400)
    return read_everything(now)


def source(layer: Layer) -> LayerSource:
    return LayerSource.objects.get(layer=layer)


def test_a_new_cluster_is_asked_for_each_layers_last_closed_day(prod: Cluster) -> None:
    assert ledger.plan(prod, now=NOW, retention_days=400) == 3
    assert ledger.plan(prod, now=NOW, retention_days=400) == 0
    assert set(LayerWindow.objects.values_list("day", flat=True)) == {YESTERDAY}
    assert read_everything() == [Written.STORED] * 3
    assert {each.state for each in LayerSource.objects.all()} == {SourceState.PRESENT}


def test_a_layer_the_source_has_not_is_absent_and_asked_for_again_a_day_later(
    staging: Cluster,
) -> None:
    assert "opencost_layer_absent" in plan_and_read(staging)
    found = source(Layer.CUSTOM)
    assert (found.state, found.reason) == (SourceState.ABSENT, "not_there")
    assert found.message
    custom = LayerWindow.objects.filter(layer=Layer.CUSTOM)
    ledger.plan(staging, now=NOW + dt.timedelta(hours=23), retention_days=400)
    assert not custom.exists()
    ledger.plan(staging, now=NOW + dt.timedelta(hours=24, minutes=1), retention_days=400)
    assert custom.filter(due_at__isnull=False).exists()


def test_an_absent_layer_is_no_failure_of_its_cluster(staging: Cluster) -> None:
    plan_and_read(staging)
    staging.refresh_from_db()
    assert staging.last_error_code == ""
    assert source(Layer.CUSTOM).error_code == ""


def test_a_layer_that_comes_to_be_is_read_and_one_that_goes_keeps_its_days(
    prod: Cluster, staging: Cluster
) -> None:
    plan_and_read(prod)
    before = [row for row in every_row() if row[1] == Layer.CUSTOM]
    prod.opencost_url = staging.opencost_url
    prod.save()
    plan_and_read(prod, NOW + DAY)
    assert LayerSource.objects.get(cluster=prod, layer=Layer.CUSTOM).state == SourceState.ABSENT
    assert [row for row in every_row() if row[1] == Layer.CUSTOM] == before


def test_older_days_come_as_far_back_as_allocations_are_stored(prod: Cluster) -> None:
    stored(prod, NOW.replace(hour=0, minute=0) - 9 * DAY, [cost_row(cpu_cost=5)])
    while plan_and_read(prod):
        continue
    assert len(states(Layer.ASSETS)) == 9
    assert min(states(Layer.CLOUD)) == YESTERDAY - 8 * DAY


def test_the_walk_back_ends_with_a_stretch_of_empty_days(prod: Cluster) -> None:
    stored(prod, NOW.replace(hour=0, minute=0) - 90 * DAY, [cost_row(cpu_cost=5)])
    LayerSource.objects.create(cluster=prod, layer=Layer.ASSETS, paused_until=NOW + DAY)
    while plan_and_read(prod):
        continue
    bill = states(Layer.CLOUD)
    assert sum(state == SnapshotState.OK for state in bill.values()) == 30
    assert 7 <= sum(state == SnapshotState.EMPTY for state in bill.values()) < 14


def test_closed_days_are_read_again_at_night_and_a_changed_bill_is_restated(prod: Cluster) -> None:
    layer_stored(prod, YESTERDAY, [layer_cost(Layer.CLOUD, 5, service="RDS")])
    LayerWindow.objects.update(read_at=NOW - DAY, due_at=None)
    assert Written.RESTATED in plan_and_read(prod)
    assert LayerRevision.objects.get().total == 5
    assert LayerDay.objects.filter(layer=Layer.CLOUD).count() == 8


def test_reading_a_day_twice_changes_nothing(prod: Cluster) -> None:
    plan_and_read(prod)
    before = every_row()
    LayerWindow.objects.update(due_at=NOW)
    assert read_everything() == [Written.UNCHANGED] * 3
    assert every_row() == before


def test_an_empty_answer_keeps_what_is_stored(prod: Cluster) -> None:
    old = YESTERDAY - 60 * DAY  # longer ago than a bill is kept in memory
    layer_stored(prod, old, [layer_cost(Layer.CLOUD, 5)])
    LayerWindow.objects.update(due_at=NOW)
    assert read_everything() == [Written.KEPT]
    assert LayerDay.objects.get().total_cost == 5


def test_a_failing_layer_pauses_itself_and_nothing_else(prod: Cluster, demo: DemoServer) -> None:
    demo.fault = Fault.CUT_JSON
    assert plan_and_read(prod) == ["opencost_answer_invalid"] * 3
    assert {each.failures for each in LayerSource.objects.all()} == {1}
    demo.fault = Fault.NONE
    assert read_everything() == []
    allocations.plan(prod, now=NOW, retention_days=400)
    assert allocations.claim(now=NOW) is not None
    Snapshot.objects.update(leased_until=None, due_at=None)
    assert read_everything(NOW + dt.timedelta(minutes=11)) == [Written.STORED] * 3


def test_a_cluster_is_asked_one_thing_at_a_time(prod: Cluster) -> None:
    allocations.plan(prod, now=NOW, retention_days=400)
    ledger.plan(prod, now=NOW, retention_days=400)
    assert allocations.claim(now=NOW) is not None
    assert ledger.claim(now=NOW) is None
    Snapshot.objects.update(leased_until=None)
    assert ledger.claim(now=NOW) is not None
    assert ledger.claim(now=NOW) is None


def test_who_lost_the_lease_writes_nothing(prod: Cluster) -> None:
    ledger.plan(prod, now=NOW, retention_days=400)
    held = ledger.claim(now=NOW)
    assert held is not None
    LayerWindow.objects.filter(pk=held.window.pk).update(leased_until=None)
    assert ledger.claim(now=NOW) is not None
    assert not ledger.renew(held) or held.attempt == 2
    ledger.note_failure(held, now=NOW, code="x", message="x")
    assert LayerWindow.objects.get(pk=held.window.pk).tries == 0


def test_a_day_that_an_error_of_ours_keeps_from_being_stored_waits_and_stands_in_no_ones_way(
    prod: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.plan(prod, now=NOW, retention_days=400)

    def fail(*_: object, **__: object) -> Written:
        raise ValueError("a defect")

    with monkeypatch.context() as broken:
        broken.setattr("costinsights.costs.layers.ingest.write_day", fail)
        with pytest.raises(ValueError, match="a defect"):
            ingest_next(clock=lambda: NOW)
    assert read_everything() == [Written.STORED] * 2
    assert LayerWindow.objects.get(state=SnapshotState.FAILED).error_code == "internal_error"


def test_nothing_is_kept_of_a_day_whose_cluster_was_removed_meanwhile(prod: Cluster) -> None:
    ledger.plan(prod, now=NOW, retention_days=400)
    held = ledger.claim(now=NOW)
    assert held is not None
    remove_cluster(prod)
    facts = day_facts(LayerAnswer(held.layer, [layer_cost(held.layer, 5)], "", 0))
    assert write_day(held.window, facts, reading(), attempt=held.attempt) is Written.FENCED
    ledger.note_failure(held, now=NOW, code="x", message="x")
    ledger.note_absent(held, LayerAbsent("", reason="x"), now=NOW)
    assert not LayerDay.objects.exists()


def test_rows_of_one_asset_add_up_though_a_part_of_one_is_unknown(prod: Cluster) -> None:
    whole = layer_cost(Layer.ASSETS, 7)
    unsure = layer_cost(Layer.ASSETS, 5, other_cost=None, cpu_cost=None)
    assert layer_stored(prod, YESTERDAY, [whole, unsure, whole]) is Written.STORED
    stored_day = LayerDay.objects.get()
    assert (stored_day.total_cost, stored_day.other_cost) == (19, None)


def test_days_past_the_plans_retention_go_with_the_items_that_nothing_points_to(
    prod: Cluster,
) -> None:
    layer_stored(prod, YESTERDAY - 20 * DAY, [layer_cost(Layer.CLOUD, 5, service="old")])
    layer_stored(prod, YESTERDAY, [layer_cost(Layer.CLOUD, 7, service="new")])
    assert forget_old_days(now=NOW, retention_days=15) == 1
    assert [item.service for item in LayerItem.objects.all()] == ["new"]
    assert LayerDay.objects.get().total_cost == 7


def test_a_connection_with_a_scope_is_not_asked_for_layers(acme: Tenant, demo: DemoServer) -> None:
    cluster = ClusterFactory.create(opencost_url=demo.url(PROD), scope_filter='namespace:"shop"')
    plan_and_read(cluster)
    assert {each.reason for each in LayerSource.objects.all()} == {"scoped"}
    assert not [path for path in demo.requests if "assets" in path]


@pytest.mark.parametrize("name", [PROD, STAGING])
def test_the_sample_has_assets_of_every_cluster(acme: Tenant, demo: DemoServer, name: str) -> None:
    plan_and_read(ClusterFactory.create(opencost_url=demo.url(name)))
    assert LayerWindow.objects.get(layer=Layer.ASSETS).state == SnapshotState.OK
