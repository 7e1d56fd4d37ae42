"""How numbers look on a page."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import RequestFactory

from costinsights.core.templatetags import display, ui


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (1_234_560_000, "$1,234.56"),
        (-12_000_000, "−$12.00"),
        (0, "$0.00"),
        (2_300, "$0.002"),
        (42, "$0.000042"),
        (None, "—"),
    ],
)
def test_money_reads_as_a_person_writes_it(micros: int | None, text: str) -> None:
    assert display.money(micros, "USD") == text


def test_a_currency_without_a_sign_of_its_own_follows_the_number() -> None:
    assert display.money(12_500_000, "CHF") == "12.50 CHF"


def test_an_exact_amount_has_all_its_digits() -> None:
    assert display.money_exact(1_234_567, "EUR") == "1.234567 EUR"


@pytest.mark.parametrize(
    ("micros", "text"),
    [(1_234_000_000, "$1.2k"), (2_500_000_000_000, "$2.5M"), (304_000_000, "$304"), (-5, "−$0.00")],
)
def test_short_money_fits_a_tight_place(micros: int, text: str) -> None:
    assert display.money_short(micros, "USD") == text


def test_a_gain_carries_its_sign() -> None:
    assert display.signed_money(1_000_000, "USD") == "+$1.00"
    assert display.signed_money(0, "USD") == "$0.00"
    assert display.signed_percent(Decimal("0.05")) == "+5.0%"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Decimal("0.123"), "12.3%"),
        (Decimal("0.0004"), "<0.1%"),
        (Decimal("-0.5"), "−50.0%"),
        (None, "—"),
    ],
)
def test_a_share_reads_as_a_percentage(share: Decimal | None, text: str) -> None:
    assert display.percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(40, "40 s"), (180, "3 min"), (7200, "2 h"), (400_000, "4 days"), (None, "—")],
)
def test_an_age_names_one_unit(seconds: int | None, text: str) -> None:
    assert display.age(seconds) == text


def test_an_instant_says_that_it_is_utc() -> None:
    at = datetime(2026, 9, 14, 10, 5, tzinfo=UTC)
    assert display.instant(at) == "14 Sep 2026, 10:05 UTC"


def test_a_link_changes_one_parameter_and_keeps_the_rest() -> None:
    request = RequestFactory().get("/list/", {"page": "2", "sort": "name"})
    assert ui.query_update(request, page=3) == "/list/?page=3&sort=name"
    assert ui.query_update(request, page=None, sort="") == "/list/"


def test_an_icon_is_silent_for_those_who_listen() -> None:
    assert 'aria-hidden="true"' in ui.icon("check")
    assert "#check" in ui.icon("check")


@pytest.mark.parametrize(
    ("state", "tone"),
    [("fresh", "good"), ("stale", "warn"), ("failed", "bad"), ("excluded", "calm"), (None, "calm")],
)
def test_a_state_has_a_tone(state: str | None, tone: str) -> None:
    assert ui.state_tone(state) == tone
