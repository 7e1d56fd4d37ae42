"""The demo's numbers: the same each time, adding up at every grain, and within OpenCost's invariants."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from costinsights.local.demo_opencost import CLUSTERS
from costinsights.opencost.sample.day import day_of
from tests.demo_opencost.asking import (
    COMPONENTS,
    MONDAY,
    NOW,
    Rows,
    ask,
    ask_at,
    day,
    rows,
    rows_at,
    sets,
    total,
)

GRAINS = ("namespace", "node", "controllerKind", "label:team", "namespace,pod,container")


def test_the_same_question_has_the_same_answer_byte_for_byte() -> None:
    first = ask(window=MONDAY, includeIdle="true")
    later = ask_at(NOW + timedelta(days=40), "prod-eu-1", 1, window=MONDAY, includeIdle="true")

    assert first == later


def test_another_seed_is_another_cluster() -> None:
    assert ask(window=MONDAY).body != ask_at(NOW, "prod-eu-1", 2, window=MONDAY).body


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_grain_adds_up_to_the_same(cluster: str) -> None:
    query = {"window": MONDAY, "includeIdle": "true"}
    whole = rows(cluster, aggregate="cluster", **query)

    for grain in GRAINS:
        found = rows(cluster, aggregate=grain, **query)
        for component in ("totalCost", *COMPONENTS):
            rounding = 1e-5 * (len(found) + 2)
            assert total(found, component) == pytest.approx(total(whole, component), abs=rounding)


def test_hours_add_up_to_their_day() -> None:
    query = {"aggregate": "namespace", "includeIdle": "true"}
    hours = sets(window=MONDAY, step="1h", **query)
    whole = rows(window=MONDAY, **query)

    assert len(hours) == 24
    for name, row in whole.items():
        parts = [hour[name] for hour in hours if name in hour]
        for field in ("totalCost", "cpuCoreHours", "ramByteHours", "gpuHours", "networkCost"):
            assert sum(p[field] for p in parts) == pytest.approx(row[field], rel=1e-9, abs=24e-5)


def test_quarter_hours_add_up_to_their_hour() -> None:
    window = "2026-10-26T08:00:00Z,2026-10-26T09:00:00Z"
    quarters = sets("initech-1", window=window, step="15m", aggregate="cluster")

    assert [row["initech-1"]["minutes"] for row in quarters] == [15, 15, 15, 15]
    assert sum(map(total, quarters)) == pytest.approx(
        total(rows("initech-1", window=window, aggregate="cluster")), abs=4e-5
    )


def test_a_month_adds_up_from_its_days() -> None:
    window = "2026-09-01T00:00:00Z,2026-10-01T00:00:00Z"
    days = sets("initech-1", window=window, step="1d", aggregate="namespace")
    month = rows("initech-1", window=window, aggregate="namespace")

    assert sum(map(total, days)) == pytest.approx(total(month), abs=1e-2)


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("date", ["2025-10-20", "2026-03-29", "2026-11-10", "2026-11-20"])
def test_rows_keep_opencosts_invariants(cluster: str, date: str) -> None:
    for row in rows(cluster, window=day(date), includeIdle="true").values():
        parts = sum(row[name] for name in COMPONENTS)
        assert row["totalCost"] == pytest.approx(parts, abs=5e-6 * 7)
        assert all(row[name] >= 0 for name in COMPONENTS)
        assert row["totalEfficiency"] >= 0
        window, now = row["window"], f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
        assert window["start"] <= row["start"] <= row["end"] <= min(window["end"], now)
        traffic = ("CrossZone", "CrossRegion", "Internet", "NatGatewayEgress", "NatGatewayIngress")
        assert row["networkCost"] == pytest.approx(
            sum(row[f"network{name}Cost"] for name in traffic), abs=3e-5
        )


def test_today_ends_where_the_measured_present_ends() -> None:
    found = rows(window="today", aggregate="cluster")["prod-eu-1"]

    assert found["window"]["end"] == "2026-11-21T00:00:00Z"
    assert found["end"] == "2026-11-20T14:20:00Z"
    assert found["minutes"] == 14 * 60 + 20


def test_today_grows_while_it_lasts() -> None:
    early = rows(window=day("2026-11-20"), aggregate="cluster")
    late = rows_at(NOW + timedelta(hours=3), "prod-eu-1", window="today", aggregate="cluster")

    assert total(late) > total(early) * 1.1


def test_sharing_idle_moves_it_to_the_others_and_loses_nothing() -> None:
    query = {"window": MONDAY, "aggregate": "namespace", "includeIdle": "true"}
    apart, shared = rows(**query), rows(**query, shareIdle="true")

    assert "__idle__" not in shared
    for component in COMPONENTS:
        assert total(shared, component) == pytest.approx(total(apart, component), abs=1e-3)
    assert shared["search"]["pvCost"] == apart["search"]["pvCost"]


def test_sharing_idle_without_including_it_does_nothing() -> None:
    query = {"window": MONDAY, "aggregate": "namespace"}

    assert rows(**query, shareIdle="true") == rows(**query)


def test_there_are_at_least_thirteen_months_of_past_and_nothing_before_the_first_day() -> None:
    a_year_ago = (NOW - timedelta(days=400)).strftime("%Y-%m-%d")

    assert total(rows(window=day(a_year_ago), aggregate="cluster")) > 100
    assert sets(window=day("2024-06-01")) == [{}]
    assert sets(window=day("2026-12-24")) == [{}]


def test_production_costs_and_idles_what_a_real_cluster_of_its_size_does() -> None:
    found = rows(window=MONDAY, aggregate="namespace", includeIdle="true")
    work = [row for name, row in found.items() if not name.startswith("__")]
    weighed = sum(row["cpuCost"] + row["ramCost"] for row in work)
    used = sum(row["totalEfficiency"] * (row["cpuCost"] + row["ramCost"]) for row in work)

    assert 300 < total(found) < 600
    assert 0.15 < found["__idle__"]["totalCost"] / total(found) < 0.30
    assert 0.3 < used / weighed < 0.7


def test_a_weekend_is_cheaper_than_a_working_day() -> None:
    sunday = total(rows("staging-us-1", window=day("2026-11-01"), aggregate="namespace"))
    tuesday = total(rows("staging-us-1", window=day("2026-11-03"), aggregate="namespace"))

    assert sunday < 0.8 * tuesday


def test_the_json_is_what_strict_readers_accept() -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads(ask(window="today", includeIdle="true").body, parse_constant=refuse)


def names(found: Rows) -> set[str]:
    return {row["properties"].get("controllerKind", "") for row in found.values()}


def test_all_controller_kinds_occur_and_pods_without_one() -> None:
    kinds = {"deployment", "statefulset", "daemonset", "job", "replicaset", "rollout", ""}

    assert names(rows(window=MONDAY, aggregate="controllerKind,pod")) == kinds


def test_namespaces_come_and_go() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    current = rows_at(now, "prod-eu-1", window=day("2026-11-22"), aggregate="namespace")
    before = rows_at(now, "prod-eu-1", window=day("2026-10-05"), aggregate="namespace")

    assert "campaign-2026-q4" in current.keys() - before.keys()
    assert "campaign-2026-q3" in before.keys() - current.keys()


def test_a_training_job_has_a_gpu_and_says_which() -> None:
    found = rows(
        window=MONDAY, aggregate="namespace,container,pod", filter='namespace:"ml-training"'
    )
    trainer = next(row for row in found.values() if row["gpuCost"] > 0)

    assert trainer["gpuAllocation"]["gpuModel"] == "NVIDIA-A10G"
    assert 0 < trainer["gpuEfficiency"] < 1
    assert trainer["rawAllocationOnly"]["gpuUsageMax"] is not None


@pytest.mark.parametrize("date", ["2026-10-26", "2026-11-09", "2026-11-14"])
def test_a_load_balancers_price_is_split_over_its_pods_without_a_rest(date: str) -> None:
    found = rows(window=day(date), aggregate="namespace", includeIdle="true")
    price = CLUSTERS["prod-eu-1"].prices.load_balancer * 24

    for namespace in ("checkout", "ingress-nginx", "partner-api", "__unmounted__"):
        assert found[namespace]["loadBalancerCost"] == pytest.approx(price, abs=1e-5)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_no_machine_is_fuller_than_it_is_large_on_an_ordinary_day(cluster: str) -> None:
    largest = max(CLUSTERS[cluster].pools, key=lambda pool: pool.cores)
    found = rows(cluster, window=MONDAY, aggregate="node", filter='node!:""')

    for row in found.values():
        hours = row["minutes"] / 60
        assert row["cpuCoreHours"] <= 1.02 * largest.cores * hours
        assert row["ramByteHours"] <= 1.02 * largest.ram * 1024**3 * hours


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_pod_stays_on_one_machine_that_lives_as_long_as_the_pod(cluster: str) -> None:
    places: dict[tuple[str, str], str] = {}
    for number in range(20_766, 20_780):
        for pod in day_of(cluster, 1, number).pods:
            assert pod.node.first <= pod.first < pod.last <= pod.node.last
            if pod.workload.kind not in ("statefulset", ""):  # these keep their name when they move
                known = places.setdefault((pod.namespace.name, pod.name), pod.node.name)
                assert known == pod.node.name
