"""Who is told of a threshold, in which words, and how often."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from costinsights.accounts.models import Role, User
from costinsights.costs.budgets.evaluation import evaluate
from costinsights.costs.budgets.mails import TRIES_AFTER, send_due_mails
from costinsights.costs.budgets.models import Basis, Budget, BudgetEvent
from costinsights.costs.models import Cluster
from tests.costs.history.books import NOW
from tests.factories.accounts import UserFactory

Make = Callable[..., Budget]


def test_the_owner_gets_one_mail_with_every_threshold(
    cluster: Cluster, budget_of: Make, analyst: User
) -> None:
    budget = budget_of("275", name="Shop & Co")
    evaluate(budget, now=NOW)
    assert send_due_mails(now=NOW) == 1
    assert send_due_mails(now=NOW) == 0
    (sent,) = mail.outbox
    assert sent.to == [analyst.email]
    assert sent.subject == "Budget Shop & Co: 80% spent in November 2026"
    assert "- 50% of the budget: $220.00 spent, 80.0%" in sent.body
    assert "- 100% of the budget: $300.00 forecast, 109.1%" in sent.body
    assert "($275.00 for November 2026)" in sent.body
    assert "up to 23 November 2026, 00:00 UTC" in sent.body
    assert f"://acme.localhost/budgets/{budget.pk}/" in sent.body
    assert "Shop &amp; Co" in sent.alternatives[0][0]  # type: ignore[attr-defined]  # it has an HTML part
    assert set(budget.events.values_list("mailed_at", flat=True)) == {NOW}


def test_nobody_is_told_where_there_is_no_owner(cluster: Cluster, budget_of: Make) -> None:
    evaluate(budget_of("100", owner=None), now=NOW)
    assert send_due_mails(now=NOW) == 0
    assert BudgetEvent.objects.exists()


def test_an_owner_who_was_limited_since_is_told_nothing(
    cluster: Cluster, budget_of: Make, analyst: User
) -> None:
    evaluate(budget_of("100"), now=NOW)
    User.objects.filter(pk=analyst.pk).update(scope_namespaces=["other"])
    assert send_due_mails(now=NOW) == 0
    assert not BudgetEvent.objects.exclude(mail_due_at=None).exists()


def test_a_mail_that_failed_goes_out_later(
    cluster: Cluster, budget_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate(budget_of("275"), now=NOW)

    def fail(**_: Any) -> None:
        raise OSError("no mail server")

    with monkeypatch.context() as broken:
        broken.setattr("costinsights.costs.budgets.mails.send_mail", fail)
        with pytest.raises(OSError, match="no mail server"):
            send_due_mails(now=NOW)
    assert send_due_mails(now=NOW) == 0  # somebody may still be at it
    assert send_due_mails(now=NOW + TRIES_AFTER) == 1


def test_a_threshold_reached_while_a_mail_waits_goes_out_with_it(
    cluster: Cluster, budget_of: Make
) -> None:
    budget = budget_of("275")
    evaluate(budget, now=NOW)
    later = NOW + TRIES_AFTER
    BudgetEvent.objects.filter(basis=Basis.FORECAST).update(mail_due_at=later)
    assert send_due_mails(now=later) == 1
    assert not BudgetEvent.objects.exclude(mail_due_at=None).exists()


def test_what_could_not_be_sent_for_days_is_let_go(cluster: Cluster, budget_of: Make) -> None:
    evaluate(budget_of("275"), now=NOW)
    assert send_due_mails(now=NOW + dt.timedelta(days=4)) == 0
    assert not mail.outbox


def banner_of(**person: Any) -> str:
    client = Client(HTTP_HOST="acme.localhost")
    client.force_login(UserFactory.create(**person))  # type: ignore[arg-type]  # the stubs know one kind of user
    return str(client.get("/clusters/").content.decode())


def test_everybody_without_limits_sees_the_banner(cluster: Cluster, budget_of: Make) -> None:
    evaluate(budget_of("100", name="Gone"), now=NOW)
    evaluate(budget_of("280", name="Close"), now=NOW)
    evaluate(budget_of("900", name="Fine"), now=NOW)
    page = banner_of(role=Role.VIEWER)
    assert "Budget Gone is exceeded." in page
    assert "Budget Close is forecast to be exceeded." in page
    assert "Fine" not in page
    assert "Budget" not in banner_of(role=Role.VIEWER, scope_namespaces=["shop"]).split("<main")[1]


def test_a_banner_goes_a_week_after_its_event(cluster: Cluster, budget_of: Make) -> None:
    evaluate(budget_of("100"), now=NOW)
    BudgetEvent.objects.update(happened_at=NOW - dt.timedelta(days=8))
    assert "is exceeded" not in banner_of(role=Role.VIEWER)
