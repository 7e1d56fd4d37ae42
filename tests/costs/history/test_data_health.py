"""What is stored of each cluster, by page and by API: who sees it, who has more of it read."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from costinsights.core.periods import DAY
from costinsights.costs.history import health, keys, ledger
from costinsights.costs.history.backfills import backfill_of
from costinsights.costs.history.models import (
    BackfillState,
    Grain,
    IngestState,
    LabelKey,
    Snapshot,
    SnapshotState,
)
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.costs.history.books import NOW, day, stored
from tests.costs.rows import cost_row
from tests.factories.costs import ClusterFactory


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def prod(acme: Tenant) -> Cluster:
    """A complete day, one restated, one that failed."""
    cluster = ClusterFactory.create(name="Production", slug="prod")
    for number in (20, 21, 21):
        amount = 1_000_000 if Snapshot.objects.count() < 2 else 4_000_000
        stored(cluster, day(number).start, [cost_row(cpu_cost=amount, minutes=1440.0)])
    Snapshot.objects.create(
        cluster=cluster,
        grain=Grain.DAY,
        window_start=day(22).start,
        state=SnapshotState.FAILED,
        tries=2,
        due_at=NOW + DAY,
        error_message="OpenCost answered 500.",
    )
    IngestState.objects.create(cluster=cluster, stored_since=day(20).start)
    return cluster


def of(cluster: Cluster, *, with_amounts: bool = True) -> health.ClusterHealth:
    [found] = health.health_of([cluster], now=NOW, retention_days=400, with_amounts=with_amounts)
    return found


def cells(found: health.ClusterHealth) -> dict[dt.date, health.WindowCell]:
    return {
        cell.start.date(): cell
        for month in found.months
        for week in month.weeks
        for cell in week
        if cell
    }


def test_the_calendar_says_what_became_of_each_day(prod: Cluster) -> None:
    shown = cells(of(prod))

    assert [shown[day(n).start.date()].state for n in (20, 21, 22, 23)] == [
        "ok",
        "ok",
        "failed",
        "none",
    ]
    assert shown[day(21).start.date()].words.endswith("$4.00. Restated by +$3.00")
    assert shown[day(22).start.date()].words.endswith("OpenCost answered 500.")


def test_the_lag_is_against_what_is_due(prod: Cluster) -> None:
    found = of(prod)

    assert found.newest_end == day(21).end
    assert found.due_end == NOW.replace(hour=11)
    assert found.lag == found.due_end - day(21).end
    assert found.state == "warning"


def test_a_restatement_is_named_with_its_difference(prod: Cluster) -> None:
    found = of(prod)

    assert found.restatement is not None
    assert (found.restatement.difference, found.restatement.revision) == (3_000_000, 2)
    assert of(prod, with_amounts=False).restatement is None


def test_without_amounts_nothing_tells_the_costs(prod: Cluster) -> None:
    assert "$" not in str([cell.words for cell in cells(of(prod, with_amounts=False)).values()])


def test_a_backfill_counts_its_days_and_estimates_the_rest(prod: Cluster) -> None:
    ledger.start_backfill(prod, now=NOW, days=30)
    stored(prod, day(19).start, [cost_row(cpu_cost=1)])

    found = backfill_of(prod)

    assert (found.is_running, found.days_done, found.rows) == (True, 1, 1)
    assert found.days_wanted == (day(20).start - (day(26).start - 30 * DAY)) // DAY
    assert found.seconds_left is not None


def test_an_admin_starts_and_cancels_a_backfill(admin: Client, prod: Cluster) -> None:
    started = admin.post("/history/data/prod/backfill/", {"days": "30"})
    again = admin.post("/history/data/prod/backfill/", {"days": "30"})
    admin.post("/history/data/prod/backfill/cancel/")

    assert started["Location"] == "/history/data/"
    assert again.status_code == 422
    assert "being read already" in again.content.decode()
    assert IngestState.objects.get().backfill_state == BackfillState.CANCELLED


@pytest.mark.parametrize("days", ["", "0", "-1", "soon", "99999"])
def test_a_number_of_days_that_cannot_be_read_is_refused(
    admin: Client, prod: Cluster, days: str
) -> None:
    page = admin.post("/history/data/prod/backfill/", {"days": days})

    assert page.status_code == 422
    assert "Give a whole number of days" in page.content.decode()
    assert IngestState.objects.get().backfill_state == BackfillState.NONE


def test_each_button_wakes_a_worker(
    admin: Client, prod: Cluster, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as enqueued:
        admin.post("/history/data/prod/read-again/")

    assert len(enqueued) == 1
    assert Snapshot.objects.get(state=SnapshotState.FAILED).due_at == NOW


def test_one_failed_window_is_read_again(admin: Client, prod: Cluster) -> None:
    start = f"{day(22).start:%Y-%m-%dT%H:%M:%SZ}"
    done = admin.post("/history/data/prod/read-again/", {"grain": "day", "window_start": start})
    unknown = admin.post("/history/data/prod/read-again/", {"grain": "hour", "window_start": start})

    assert (done.status_code, unknown.status_code) == (302, 404)
    assert Snapshot.objects.get(state=SnapshotState.FAILED).due_at == NOW


def test_members_look_and_admins_act(viewer: Client, prod: Cluster) -> None:
    page = viewer.get("/history/data/")

    assert "OpenCost answered 500." in page.content.decode()
    assert "Read again" not in page.content.decode()
    for path in ("backfill/", "backfill/cancel/", "read-again/"):
        assert viewer.post(f"/history/data/prod/{path}").status_code == 403


@pytest.fixture
def team(prod: Cluster) -> LabelKey:
    """A key on a quarter of the cost."""
    rows = [
        cost_row(cpu_cost=1_000_000, labels={"squad": "blue"}),
        cost_row(cpu_cost=3_000_000),
    ]
    keys.note_keys(rows, day=day(20).start.date(), grain=Grain.DAY)
    return LabelKey.objects.get(name="squad")


def test_a_label_key_is_stored_by_page_and_by_api(admin: Client, team: LabelKey) -> None:
    admin.post(f"/history/data/label-keys/{team.pk}/", {"is_stored": "true"})
    listed = admin.get("/api/v1/label-keys/").json()["results"]
    changed = admin.patch(
        f"/api/v1/label-keys/{team.pk}/", {"is_stored": False}, content_type="application/json"
    )

    assert [(key["name"], key["coverage"], key["is_stored"]) for key in listed] == [
        ("squad", 0.25, True)
    ]
    assert changed.json()["is_stored"] is False


def test_no_more_keys_are_stored_than_the_limit(admin: Client, team: LabelKey) -> None:
    for number in range(keys.MOST_STORED):
        LabelKey.objects.create(
            name=f"k{number}", is_stored=True, first_seen_on=NOW.date(), last_seen_on=NOW.date()
        )

    page = admin.post(f"/history/data/label-keys/{team.pk}/", {"is_stored": "true"})

    assert page.status_code == 422
    assert "Stop storing one of them first" in page.content.decode()


def test_the_api_lists_windows_newest_first(viewer: Client, prod: Cluster) -> None:
    rows = viewer.get("/api/v1/clusters/prod/windows").json()["results"]

    assert [row["state"] for row in rows] == ["failed", "ok", "ok"]
    assert [row["total"] for row in rows] == [None, "4.000000", "1.000000"]
    assert [row["restated_by"] for row in rows] == [None, "3.000000", None]
    assert viewer.get("/api/v1/clusters/prod/windows?grain=week").status_code == 400


def test_the_api_runs_a_backfill(admin: Client, prod: Cluster) -> None:
    path, kind = "/api/v1/clusters/prod/backfill", "application/json"
    started = admin.post(path, {"days": 20}, content_type=kind)
    twice = admin.post(path, {"days": 20}, content_type=kind)

    assert (started.status_code, started.json()["state"]) == (202, "running")
    assert twice.status_code == 409
    assert admin.delete(path).status_code == 204
    assert admin.get(path).json()["state"] == "cancelled"


def test_the_api_reads_windows_again(admin: Client, prod: Cluster) -> None:
    path, kind = "/api/v1/clusters/prod/windows/read-again", "application/json"
    failed = admin.post(path, {}, content_type=kind)
    named = admin.post(path, {"window_starts": ["2026-11-17", "2026-11-18"]}, content_type=kind)

    assert failed.json() == {"windows": 1}
    assert named.json() == {"windows": 2}
    assert Snapshot.objects.filter(due_at=NOW).count() == 3


def test_programs_that_only_read_change_nothing(viewer: Client, prod: Cluster) -> None:
    kind = "application/json"
    for path in ("backfill", "windows/read-again"):
        answer = viewer.post(f"/api/v1/clusters/prod/{path}", {"days": 3}, content_type=kind)
        assert answer.status_code == 403


def test_more_clusters_take_no_more_queries(acme: Tenant) -> None:
    def count(clusters: int) -> int:
        for number in range(clusters):
            cluster = ClusterFactory.create()
            for _ in range(2):
                stored(
                    cluster, day(20).start, [cost_row(cpu_cost=number + Snapshot.objects.count())]
                )
            IngestState.objects.create(
                cluster=cluster, stored_since=day(21).start, backfill_from=day(19).start
            )
        with CaptureQueriesContext(connection) as queries:
            found = health.health_of(
                list(Cluster.objects.all()), now=NOW, retention_days=400, with_amounts=True
            )
        assert all(one.backfill.days_done == 1 for one in found)
        return len(queries)

    assert count(1) == count(3)
