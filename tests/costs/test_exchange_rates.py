"""Exchange rates: pages, API, import and export, and who may do what."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from costinsights.accounts.models import Role
from costinsights.costs.models import ExchangeRate
from costinsights.costs.rate_files import ImportRefused, read_rates, write_rates
from tenants.models import Tenant

PAGE = "/settings/exchange-rates/"
API = "/api/v1/exchange-rates/"
RATE = {"currency": "EUR", "valid_from": "2026-11-01", "rate": "1.0855", "source": "ECB"}
SignedIn = Callable[[Role], Client]


def stored() -> list[tuple[str, str, Decimal]]:
    return [
        (r.currency, r.valid_from.isoformat(), r.rate) for r in ExchangeRate.objects.order_by("pk")
    ]


def post_json(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(path, body, content_type="application/json")


def upload(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("rates.csv", text.encode(), content_type="text/csv")
    return client.post(f"{PAGE}import/", {"file": file})


def test_an_admin_enters_a_rate_and_everybody_sees_who(admin: Client) -> None:
    answer = admin.post(PAGE, RATE, follow=True)
    assert "1 EUR = 1.0855 USD" in answer.content.decode()
    assert stored() == [("EUR", "2026-11-01", Decimal("1.0855"))]
    assert ExchangeRate.objects.get().entered_by is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rate", "0"),
        ("rate", "-1"),
        ("rate", "1,5"),
        ("rate", "1e400"),
        ("rate", "NaN"),
        ("rate", "1.12345678901"),
        ("rate", "100000000"),
        ("currency", "USD"),
        ("currency", "XYZ"),
        ("valid_from", "1999-12-31"),
        ("valid_from", "31.12.2026"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_nothing_is_stored(
    admin: Client, field: str, value: str
) -> None:
    page = admin.post(PAGE, {**RATE, field: value})
    problem = post_json(admin, API, {**RATE, field: value})

    assert page.status_code == 422
    assert page.context["form"].errors
    assert problem.status_code == 400
    assert stored() == []


def test_a_day_that_has_a_rate_is_refused_in_words(admin: Client) -> None:
    admin.post(PAGE, RATE)
    page = admin.post(PAGE, {**RATE, "rate": "2"})
    problem = post_json(admin, API, {**RATE, "rate": "2"}).json()
    assert page.status_code == 422
    assert "already" in page.content.decode()
    assert problem["code"] == "conflict"
    assert stored() == [("EUR", "2026-11-01", Decimal("1.0855"))]


def test_a_change_over_somebody_elses_change_is_refused(admin: Client) -> None:
    rate = post_json(admin, API, RATE).json()
    address = f"{PAGE}{rate['id']}/"
    seen = admin.get(address).context["form"].initial["seen_at"]
    ExchangeRate.objects.update(rate=Decimal(2), updated_at=dt.datetime.now(dt.UTC))

    answer = admin.post(address, {**RATE, "rate": "3", "seen_at": seen})

    assert answer.status_code == 422
    assert "in the meantime" in answer.content.decode()
    assert stored()[0][2] == 2


def test_the_api_changes_one_field_and_removes(admin: Client) -> None:
    rate = post_json(admin, API, RATE).json()
    address = f"{API}{rate['id']}/"
    changed = admin.patch(address, {"rate": "1.1"}, content_type="application/json").json()
    assert (changed["rate"], changed["source"]) == ("1.1", "ECB")
    assert admin.get(API).json()["results"][0]["rate"] == "1.1"
    assert admin.delete(address).status_code == 204
    assert admin.get(address).status_code == 404


def test_a_rate_is_removed_on_its_page(admin: Client) -> None:
    rate = post_json(admin, API, RATE).json()
    admin.post(f"{PAGE}{rate['id']}/remove/")
    assert stored() == []


def test_analysts_read_and_viewers_do_not(signed_in: SignedIn) -> None:
    analyst, viewer = signed_in(Role.ANALYST), signed_in(Role.VIEWER)
    assert analyst.get(PAGE).status_code == 200
    assert analyst.get(API).status_code == 200
    assert analyst.post(PAGE, RATE).status_code == 403
    assert post_json(analyst, API, RATE).status_code == 403
    assert upload(analyst, "currency,valid_from,rate\nEUR,2026-11-01,1").status_code == 403
    assert {viewer.get(path).status_code for path in (PAGE, API, f"{PAGE}rates.csv")} == {403}
    assert stored() == []


def test_an_import_takes_all_lines_and_says_what_it_did(admin: Client) -> None:
    admin.post(PAGE, RATE)
    text = "currency;valid_from;rate\nEUR;2026-11-01;1.2\nGBP;2026-11-01;1.3\n"
    answer = upload(admin, text)
    assert answer.status_code == 302
    assert stored() == [
        ("EUR", "2026-11-01", Decimal("1.2")),
        ("GBP", "2026-11-01", Decimal("1.3")),
    ]


def test_an_import_with_a_wrong_line_stores_nothing_and_names_each(admin: Client) -> None:
    text = (
        "currency,valid_from,rate\nEUR,2026-11-01,1.2\nEUR,2026-13-01,1\nXXQ,2026-11-01,1\n"
        "GBP,2026-11-01\nEUR,2026-11-01,5\n"
    )
    page = upload(admin, text)
    problem = admin.post(f"{API}import", text, content_type="text/csv").json()

    assert page.status_code == 422
    assert all(f"Line {number}" in page.content.decode() for number in (3, 4, 5, 6))
    assert problem["code"] == "import_refused"
    assert [(e["line"], e["field"]) for e in problem["errors"]] == [
        (3, "valid_from"),
        (4, "currency"),
        (5, ""),
        (6, "valid_from"),
    ]
    assert stored() == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"currency,valid_from,rate\n",
        b"currency,rate\nEUR,1\n",
        b"currency,valid_from,rate,colour\nEUR,2026-11-01,1,red\n",
        b"currency,currency,valid_from,rate\nEUR,EUR,2026-11-01,1\n",
        b"\xff\xfe\x00broken",
        b'currency,valid_from,rate\nEUR,2026-11-01,"1\n',
        b"x" * 1_000_001,
    ],
)
def test_what_is_no_file_of_rates_is_refused_as_a_whole(acme: Tenant, content: bytes) -> None:
    with pytest.raises(ImportRefused):
        read_rates(content)


def test_the_export_is_taken_back_unchanged(admin: Client) -> None:
    admin.post(PAGE, {**RATE, "source": '=cmd|"/c calc"!A1'})
    exported = admin.get(f"{PAGE}rates.csv").content
    assert b",'=cmd" in exported or b"\"'=cmd" in exported

    counts = admin.post(f"{API}import", exported, content_type="text/csv").json()

    assert counts == {"added": 0, "changed": 0, "unchanged": 1}
    assert write_rates(ExchangeRate.objects.all()).encode() == exported


def test_a_body_of_another_type_is_refused(admin: Client) -> None:
    answer = post_json(admin, f"{API}import", {"csv": "currency"})
    assert answer.status_code == 415
