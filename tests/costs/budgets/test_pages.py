"""The pages of budgets."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from costinsights.accounts.models import Role
from costinsights.costs.budgets.evaluation import evaluate
from costinsights.costs.budgets.models import Budget, BudgetState
from costinsights.costs.models import Cluster
from tests.costs.history.books import NOW
from tests.factories.accounts import UserFactory

FORM = {
    "name": "Checkout",
    "amount": "275",
    "currency": "USD",
    "period": "month",
    "filter_text": 'namespace:"shop"',
    "idle": "separate",
    "actual_thresholds": "50, 80, 100",
    "forecast_thresholds": "100",
    "owner": "",
}
Make = Callable[..., Budget]


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def browser(role: Role = Role.ANALYST, **person: Any) -> Client:
    client = Client(HTTP_HOST="acme.localhost")
    client.force_login(UserFactory.create(role=role, **person))  # type: ignore[arg-type]  # the stubs know one kind of user
    return client


def test_the_list_shows_the_worst_first(cluster: Cluster, budget_of: Make) -> None:
    for name, amount in (("Fine", "900"), ("Gone", "100"), ("Close", "280")):
        evaluate(budget_of(amount, name=name), now=NOW)
    text = words(browser(Role.VIEWER).get("/budgets/"))
    assert text.index("Gone") < text.index("Close") < text.index("Fine")
    assert "Exceeded" in text
    assert "At risk" in text
    assert "New budget" not in text


def test_no_budget_yet_leads_to_the_first(cluster: Cluster) -> None:
    assert "Make a budget" in words(browser().get("/budgets/"))
    assert "Analysts and admins make budgets" in words(browser(Role.VIEWER).get("/budgets/"))


def test_limited_members_are_told_that_budgets_are_hidden(
    cluster: Cluster, budget_of: Make
) -> None:
    budget = budget_of()
    limited = browser(scope_namespaces=["shop"])
    text = words(limited.get("/budgets/"))
    assert "hidden from you" in text
    assert budget.name not in text
    assert limited.get(f"/budgets/{budget.pk}/").status_code == 404
    assert limited.get("/budgets/new/").status_code == 403


def test_a_budget_is_made_and_shown(cluster: Cluster) -> None:
    client = browser()
    answer = client.post("/budgets/new/", FORM)
    assert answer.status_code == 302, words(answer)
    text = words(client.get(answer["Location"]))
    assert "At risk" in text
    assert "Forecast for November" in text
    assert "$220.00" in text
    assert "80.0% of $275.00" in text
    assert "expected on 28 Nov" in text


def test_the_form_comes_back_with_what_is_wrong(cluster: Cluster) -> None:
    answer = browser().post("/budgets/new/", {**FORM, "filter_text": "what", "amount": "12"})
    assert answer.status_code == 422
    assert 'value="Checkout"' in answer.content.decode()
    assert browser().post("/budgets/new/", {**FORM, "actual_thresholds": "x"}).status_code == 422
    assert not Budget.objects.exists()


def test_a_budget_is_changed_and_deleted(cluster: Cluster, budget_of: Make) -> None:
    budget, client = budget_of(), browser()
    page = client.get(f"/budgets/{budget.pk}/edit/")
    assert 'value="400"' in page.content.decode()
    answer = client.post(f"/budgets/{budget.pk}/edit/", {**FORM, "amount": "200"})
    assert answer.status_code == 302
    assert Budget.objects.get().standing.state == BudgetState.EXCEEDED
    assert "cannot be undone" in words(client.get(f"/budgets/{budget.pk}/delete/"))
    assert client.post(f"/budgets/{budget.pk}/delete/").status_code == 302
    assert not Budget.objects.exists()


def test_somebody_elses_change_is_not_overwritten(cluster: Cluster, budget_of: Make) -> None:
    budget = budget_of()
    old = {**FORM, "seen_at": "2026-11-01T00:00:00+00:00"}
    answer = browser().post(f"/budgets/{budget.pk}/edit/", old)
    assert answer.status_code == 422
    assert "in the meantime" in words(answer)


def test_viewers_cannot_change(cluster: Cluster, budget_of: Make) -> None:
    budget, viewer = budget_of(), browser(Role.VIEWER)
    for path in ("new/", "preview/", f"{budget.pk}/edit/", f"{budget.pk}/delete/"):
        assert viewer.get(f"/budgets/{path}").status_code == 403


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "It would be at 80% on 22 November and end November 2026 at $300.00 (109.1%)."),
        ({"amount": "900"}, "It would stay below 80% and end November 2026 at $300.00 (33.3%)."),
        ({"amount": ""}, "Give an amount"),
        ({"filter_text": "what"}, "what"),
        ({"currency": "EUR"}, "costs are in EUR; there is USD"),
    ],
)
def test_the_preview_says_what_a_budget_would_mean(
    cluster: Cluster, change: dict[str, str], said: str
) -> None:
    answer = browser().get("/budgets/preview/", {**FORM, **change})
    assert said in words(answer)


def test_the_forecast_beside_the_headline_numbers_leads_to_a_budget(cluster: Cluster) -> None:
    asked = {"filter": 'namespace:"shop"', "cluster": "prod", "idle": "hide"}
    answer = browser().get("/history/forecast/", asked)
    text = words(answer)
    assert "Forecast for November" in text
    assert "$300.00" in text
    link = re.search(r'href="(/budgets/new/[^"]*)"', answer.content.decode())
    assert link is not None
    form = browser().get(link[1].replace("&amp;", "&")).content.decode()
    assert 'value="namespace:&quot;shop&quot;"' in form
    assert 'value="hide" selected' in form
    assert "/budgets/new/" not in browser(Role.VIEWER).get("/history/forecast/").content.decode()


def test_a_forecast_that_cannot_be_made_says_why(cluster: Cluster) -> None:
    text = words(browser().get("/history/forecast/", {"filter": 'pod:"a"'}))
    assert "—" in text
    assert "History keeps no pod" in text


def test_the_forecast_keeps_to_a_members_limits(cluster: Cluster) -> None:
    limited = browser(Role.VIEWER, scope_namespaces=["elsewhere"])
    assert "$300.00" not in words(limited.get("/history/forecast/"))
