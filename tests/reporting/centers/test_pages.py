"""Pages of cost centres and rules: what is typed is kept or refused beside its field."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from costinsights.accounts.models import Role, User
from reporting.models import CostCenter, MappingRule, Period, ShareRule
from reporting.statements.closing import prepare
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
CENTERS, RULES = "/reporting/cost-centers/", "/reporting/rules/"


def signed_in(member: User) -> Client:
    client = Client(HTTP_HOST="acme.localhost")
    client.force_login(member)  # type: ignore[arg-type]  # the stubs know one kind of user
    return client


@pytest.fixture
def browser(analyst: User) -> Client:
    return signed_in(analyst)


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_centre_is_made_changed_and_deleted(browser: Client) -> None:
    values = {"code": "CC1", "name": "Checkout", "level": "cost_center"}
    assert browser.post(f"{CENTERS}new/", values).status_code == 302
    center = CostCenter.objects.get()
    assert "Checkout" in text(browser.get(CENTERS))
    assert browser.post(f"{CENTERS}{center.pk}/", {**values, "name": "Shop"}).status_code == 302
    assert 'value="Shop"' in text(browser.get(f"{CENTERS}{center.pk}/"))
    browser.post(f"{CENTERS}{center.pk}/delete/")
    assert not CostCenter.objects.exists()


def test_a_refused_centre_keeps_what_was_typed(
    browser: Client, centers: dict[str, CostCenter]
) -> None:
    values = {"code": "SHOP", "name": "Second shop", "level": "cost_center"}
    answer = browser.post(f"{CENTERS}new/", values)
    assert answer.status_code == 422
    assert "The code SHOP is taken." in text(answer)
    assert "Second shop" in text(answer)


def test_the_tree_adds_up_what_the_last_month_billed(
    browser: Client, october: Period, centers: dict[str, CostCenter], analyst: User
) -> None:
    upper = CostCenter.objects.create(code="ENG", name="Engineering", level="department")
    CostCenter.objects.update(parent=None)
    CostCenter.objects.exclude(pk=upper.pk).update(parent=upper)
    prepare(october, by=analyst)
    lines = browser.get(CENTERS).context["lines"]
    assert [(line.center.code, line.depth) for line in lines] == [
        ("ENG", 0),
        ("PAY", 1),
        ("SHOP", 1),
    ]
    assert lines[0].billed == lines[1].billed + lines[2].billed > 0
    assert [line.center.code for line in browser.get(CENTERS, {"q": "shop"}).context["lines"]] == [
        "ENG",
        "SHOP",
    ]


def test_a_file_is_tried_refused_and_taken(browser: Client) -> None:
    def sent(body: str, **values: str) -> Any:
        file = SimpleUploadedFile("centres.csv", body.encode())
        return browser.post(f"{CENTERS}import/", {"file": file, **values})

    assert "1 added" in text(sent("code,name\nA,B\n", dry_run="on"))
    refused = sent("code,name\nA,\n")
    assert refused.status_code == 422
    assert "<strong>Line 2</strong>" in text(refused)
    assert not CostCenter.objects.exists()
    assert sent("code,name\nA,B\n").status_code == 302
    assert b"A,B" in browser.get(f"{CENTERS}export/").content


def test_rules_are_made_moved_and_deleted(browser: Client, centers: dict[str, CostCenter]) -> None:
    for name in ("one", "two"):
        values = {"name": name, "filter": f'namespace:"{name}"', "is_active": "on"}
        answer = browser.post(f"{RULES}mapping/new/", {**values, "targets": "SHOP 60\nPAY 40"})
        assert answer.status_code == 302, text(answer)
    rule = MappingRule.objects.get(name="two")
    browser.post(f"{RULES}mapping/{rule.pk}/move/", {"direction": "up"})
    assert list(MappingRule.objects.values_list("name", flat=True)) == ["two", "one"]
    assert "60% SHOP and 40% PAY" in text(browser.get(RULES))
    assert "SHOP 60" in text(browser.get(f"{RULES}mapping/{rule.pk}/"))
    browser.post(f"{RULES}mapping/{rule.pk}/delete/")
    assert list(MappingRule.objects.values_list("name", "position")) == [("one", 1)]


def test_a_refused_rule_says_why_beside_its_field(
    browser: Client, centers: dict[str, CostCenter]
) -> None:
    answer = browser.post(f"{RULES}mapping/new/", {"name": "x", "targets": "SHOP 60"})
    assert answer.status_code == 422
    assert "The parts add up to 60%, not to 100%." in text(answer)
    share = {
        "name": "x",
        "source": "idle",
        "method": "weights",
        "driver": "cost",
        "fallback": "even",
    }
    answer = browser.post(f"{RULES}share/new/", {**share, "targets": "SHOP many"})
    assert "A weight is a whole number" in text(answer)
    assert browser.post(f"{RULES}share/new/", {**share, "targets": "SHOP 3"}).status_code == 302
    rule = ShareRule.objects.get()
    assert "by fixed weights: SHOP 100%." in text(browser.get(RULES))
    assert "SHOP 3" in text(browser.get(f"{RULES}share/{rule.pk}/"))


def test_the_form_shows_what_would_move(browser: Client, october: Period) -> None:
    asked = {"name": "x", "filter": 'namespace:"nobody"', "targets": "PAY", "is_active": "on"}
    shown = text(browser.get(f"{RULES}mapping/preview/", asked))
    assert "$1.25" in shown
    assert "Unmapped" in shown
    share = {"name": "x", "source": "fixed", "fixed_amount": "10", "fixed_currency": "USD"}
    share |= {"method": "even", "driver": "cost", "fallback": "even", "is_active": "on"}
    assert "$10.00" in text(browser.get(f"{RULES}share/preview/", share))
    assert "Make a rule" in text(browser.get(f"{RULES}unmapped/"))


def test_the_pages_are_for_analysts_who_see_everything(centers: dict[str, CostCenter]) -> None:
    for person in ({"role": Role.VIEWER}, {"role": Role.ANALYST, "scope_namespaces": ["shop"]}):
        browser = signed_in(UserFactory.create(**person))
        for path in (CENTERS, f"{CENTERS}new/", RULES, f"{RULES}mapping/preview/"):
            assert browser.get(path).status_code == 403
