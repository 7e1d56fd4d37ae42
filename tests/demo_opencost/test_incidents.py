"""Each planted incident can be seen in the numbers, and leaves no trace before and after."""

from datetime import UTC, datetime

from costinsights.local.demo_opencost import CLUSTERS
from costinsights.opencost.sample.incidents import INCIDENTS, occurrences
from tests.demo_opencost.asking import Rows, day, rows_at

NOW = datetime(2026, 12, 31, tzinfo=UTC)


def on(cluster: str, date: str) -> Rows:
    return rows_at(NOW, cluster, window=day(date), aggregate="namespace")


def cost(cluster: str, namespace: str, date: str, field: str = "totalCost") -> float:
    return float(on(cluster, date)[namespace][field])


def test_every_line_of_the_table_names_something_that_exists() -> None:
    for incident in INCIDENTS:
        spaces = {n.name: n for n in CLUSTERS[incident.cluster].namespaces}
        if incident.namespace:
            workloads = {w.name for w in spaces[incident.namespace].workloads}
            assert incident.workload == "" or incident.workload in workloads, incident.story


def test_every_line_happens_within_any_half_year() -> None:
    days = range(20_600, 20_600 + 190)
    seen = {
        hit.incident
        for cluster in CLUSTERS
        for number in days
        for hit in occurrences(cluster, number)
    }

    assert seen == set(INCIDENTS)


def test_a_runaway_autoscaler_multiplies_a_namespace_and_ends() -> None:
    before, during, after = (
        cost("prod-eu-1", "checkout", f"2026-10-{d}") for d in ("07", "09", "12")
    )

    assert during > 2.2 * before
    assert after < 1.2 * before


def test_a_spike_lasts_a_day_or_two() -> None:
    before, during, after = (cost("prod-eu-1", "search", f"2026-11-{d}") for d in (16, 17, 19))

    assert during > 2 * before
    assert after < 1.3 * before


def test_a_leak_grows_day_by_day_and_is_cured_by_a_restart() -> None:
    values = [
        cost("prod-eu-1", "recommendations", f"2026-11-{d:02}", "ramByteUsageAverage")
        for d in (1, 5, 9, 13, 16, 18)
    ]

    assert values[1] < values[2] < values[3] < values[4]
    assert values[4] > 1.6 * values[0]
    assert values[5] < 1.15 * values[0]


def test_a_level_shift_stays_for_weeks() -> None:
    before = cost("prod-eu-1", "payments", "2026-10-13", "ramCost")
    during = [cost("prod-eu-1", "payments", d, "ramCost") for d in ("2026-10-20", "2026-11-20")]

    assert min(during) > 1.2 * before


def test_an_environment_left_on_costs_on_a_weekend_what_it_costs_on_weekdays() -> None:
    usual = cost("staging-us-1", "load-test", "2026-11-08")
    left_on = cost("staging-us-1", "load-test", "2026-11-15")

    assert left_on > 4 * usual


def test_misdirected_traffic_shows_as_network_cost_only() -> None:
    before = on("prod-eu-1", "2026-10-23")["media"]
    during = on("prod-eu-1", "2026-10-24")["media"]

    assert during["networkCost"] > 3 * before["networkCost"]
    assert during["cpuCost"] < 1.3 * before["cpuCost"]


def test_a_price_change_moves_the_rate_and_not_the_usage() -> None:
    def rate(date: str) -> float:
        row = on("prod-eu-1", date)["vault"]
        return float(row["cpuCost"] / row["cpuCoreHours"])

    assert round(rate("2026-11-10") / rate("2026-11-09"), 3) == 1.05
