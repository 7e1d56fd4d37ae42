"""Current costs of clusters in several currencies, with dated exchange rates."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from costinsights.costs.models import Cluster, ExchangeRate
from costinsights.costs.rates import rate_on
from tenants.models import Tenant
from tests.costs.conftest import NOW, get_json

URL = "/api/v1/costs/current"
TODAY = NOW.date()


def enter(rate: str, day: dt.date = TODAY, currency: str = "EUR") -> ExchangeRate:
    return ExchangeRate.objects.create(
        currency=currency, to_currency="USD", valid_from=day, rate=Decimal(rate), source="ECB"
    )


@pytest.fixture
def euros(staging: Cluster) -> Cluster:
    """The staging cluster, whose costs are in euros."""
    Cluster.objects.filter(pk=staging.pk).update(currency="EUR")
    return staging


def state_of(answer: Any, cluster: str) -> dict[str, Any]:
    found: dict[str, Any] = next(s for s in answer["sources"] if s["cluster"] == cluster)
    return found


def test_the_latest_rate_at_or_before_a_day_counts(acme: Tenant) -> None:
    for rate, day in (("1.10", 10), ("1.20", 20)):
        enter(rate, dt.date(2026, 11, day))

    found = [rate_on("EUR", dt.date(2026, 11, day)) for day in (9, 10, 19, 20, 30)]

    assert [rate and rate.text for rate in found] == [None, "1.1", "1.1", "1.2", "1.2"]


def test_a_currency_is_worth_itself_and_an_unknown_one_is_worth_nothing_known(
    acme: Tenant,
) -> None:
    same = rate_on("USD", TODAY)
    assert same is not None
    assert same.rate == 1
    assert rate_on("INR", TODAY) is None


def test_a_cluster_without_a_rate_is_left_out_by_name(
    viewer: Client, prod: Cluster, euros: Cluster
) -> None:
    answer = get_json(viewer, URL)
    left_out = state_of(answer, "staging")
    assert (left_out["state"], left_out["code"]) == ("excluded", "no_exchange_rate")
    assert "EUR" in left_out["reason"]
    assert "USD" in left_out["reason"]
    assert answer["conversions"] == []


def test_a_cluster_with_a_rate_takes_part_and_the_answer_says_how(
    viewer: Client, prod: Cluster, euros: Cluster
) -> None:
    alone = {
        slug: Decimal(get_json(viewer, URL, cluster=slug)["totals"]["total"])
        for slug in ("prod", "staging")
    }
    enter("1.25")

    answer = get_json(viewer, URL)

    assert state_of(answer, "staging")["state"] == "fresh"
    assert answer["conversions"] == [
        {"currency": "EUR", "rate": "1.25", "valid_from": "2026-11-23", "source": "ECB"}
    ]
    expected = alone["prod"] + alone["staging"] * Decimal("1.25")
    assert abs(Decimal(answer["totals"]["total"]) - expected) < Decimal("0.001")


@pytest.mark.parametrize("aggregate", ["cluster", "namespace,controller_kind", "pod", "label:app"])
@pytest.mark.parametrize("idle", ["separate", "share", "hide"])
def test_converted_rows_add_up_at_every_level(
    viewer: Client, prod: Cluster, euros: Cluster, aggregate: str, idle: str
) -> None:
    enter("0.9173645821")
    answer = get_json(viewer, URL, aggregate=aggregate, idle=idle, limit=7)

    total, hidden = Decimal(answer["totals"]["total"]), Decimal(answer["hidden_idle"] or 0)
    assert sum(Decimal(row["total"]) for row in answer["rows"]) == total
    for row in answer["rows"]:
        assert sum(map(Decimal, row["components"].values())) == Decimal(row["total"])
    assert total + hidden == Decimal(get_json(viewer, URL)["totals"]["total"])


def test_each_day_has_the_rate_of_its_day(viewer: Client, euros: Cluster) -> None:
    enter("1", dt.date(2026, 11, 1))
    one = Decimal(get_json(viewer, URL, window="yesterday")["totals"]["total"])
    enter("2", TODAY)

    yesterday = get_json(viewer, URL, window="yesterday")
    both = get_json(viewer, URL, window="48h")

    assert Decimal(yesterday["totals"]["total"]) == one
    assert [c["rate"] for c in both["conversions"]] == ["1", "2"]


def test_a_day_before_the_first_rate_leaves_the_cluster_out(
    viewer: Client, prod: Cluster, euros: Cluster
) -> None:
    enter("1.1", TODAY)
    left_out = state_of(get_json(viewer, URL, window="48h"), "staging")
    assert left_out["code"] == "no_exchange_rate"
    assert "21 Nov 2026" in left_out["reason"]


def test_a_corrected_rate_counts_at_once(viewer: Client, euros: Cluster) -> None:
    row = enter("1")
    before = Decimal(get_json(viewer, URL)["totals"]["total"])
    ExchangeRate.objects.filter(pk=row.pk).update(rate=Decimal(3))
    after = Decimal(get_json(viewer, URL)["totals"]["total"])
    assert after == before * 3


def test_reports_in_a_currency_that_nothing_converts_to_stay_in_the_clusters_own(
    viewer: Client, euros: Cluster
) -> None:
    answer = get_json(viewer, URL)
    assert answer["currency"] == "EUR"
    assert state_of(answer, "staging")["state"] == "fresh"


def test_a_rate_that_makes_more_money_than_there_is_is_named(
    viewer: Client, euros: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter("99999999")
    monkeypatch.setattr("costinsights.core.money.MAX_MICROS", 10**12)
    problem = get_json(viewer, URL)
    assert problem["field"] == "currency"
    assert "too large" in problem["detail"]


def test_the_csv_and_the_page_say_what_was_converted(viewer: Client, euros: Cluster) -> None:
    enter("1.25")
    text = viewer.get("/costs.csv").content.decode()
    page = viewer.get("/", headers={"HX-Request": "true"}).content.decode()
    assert "EUR 1.25 2026-11-23" in text
    assert "1 EUR = 1.25 USD" in page
