"""Generated statements before the rules of FOCUS, and rules before rows that break them."""

import json
from decimal import Decimal
from random import Random

import pytest

from reporting.exports.focus import Version, schema_metadata
from reporting.exports.formats import Format, Options
from reporting.statements.document import Line
from tests.reporting import focus_rules
from tests.reporting.exports.documents import blank_line, changed, document_of, statement
from tests.reporting.exports.reading import csv_rows, total, written

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Twelve statements of showback and chargeback, in the version that has all columns."""
    found: Rows = []
    for seed in range(12):
        document, lines = statement(seed, count=60, revision=seed % 3)
        document = changed(document, "header", mode=("showback", "chargeback")[seed % 2])
        found += csv_rows(written(Format.FOCUS, document, lines))
    return found


@pytest.mark.parametrize("rule", focus_rules.RULES_1_3, ids=lambda rule: rule.__name__)
def test_generated_statements_keep_the_rules(rule: object, rows: Rows) -> None:
    assert callable(rule)
    assert sorted(set(rule(rows))) == []


BREAKS = {
    "nullability": {"ServiceName": ""},
    "formats": {"BilledCost": "120"},
    "allowed_values": {"ChargeCategory": "Gift"},
    "periods": {"ChargePeriodEnd": "2020-01-01T00:00:00Z"},
    "prices": {"ListCost": "1.000001"},
    "parents": {"SkuId": "another"},
    "invoices": {"InvoiceIssuerName": "somebody else"},
    "splits": {"AllocatedMethodId": ""},
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_rule_sees_what_breaks_it(name: str, rows: Rows) -> None:
    usage = next(row for row in rows if row["PricingQuantity"] and not row["ChargeClass"])
    assert set(getattr(focus_rules, name)([usage, {**usage, **BREAKS[name]}]))


def test_a_missing_column_is_seen(rows: Rows) -> None:
    less = [{name: value for name, value in rows[0].items() if name != "InvoiceIssuerName"}]
    assert list(focus_rules.columns(less)) == ["InvoiceIssuerName is missing"]


@pytest.mark.parametrize("seed", range(20))
def test_every_cost_adds_up_to_the_statement(seed: int) -> None:
    document, lines = statement(seed, count=50)
    found = csv_rows(written(Format.FOCUS, document, lines))
    sums = document.lines
    for column, micros in (
        ("BilledCost", sums.billed),
        ("EffectiveCost", sums.effective),
        ("ContractedCost", sums.effective),
        ("ListCost", sums.list_cost),
    ):
        assert total(found, column) == Decimal(micros).scaleb(-6)


def columns_of(version: Version) -> set[str]:
    document, lines = statement(1, count=1)
    return set(csv_rows(written(Format.FOCUS, document, lines, Options(focus=version)))[0])


def test_versions_differ_in_the_columns_the_specification_names() -> None:
    older, middle, newer = map(columns_of, Version)
    assert middle - older >= {"AllocatedMethodId", "ServiceProviderName", "HostProviderName"}
    assert older < middle
    assert middle - newer == {"ProviderName", "PublisherName"}


@pytest.mark.parametrize("version", Version)
def test_the_schema_lists_the_columns_of_the_file_in_their_order(version: Version) -> None:
    schema = json.loads(schema_metadata(version, created_at="2026-10-03T06:15:00Z"))
    assert schema["FocusVersion"] == version
    assert {column["ColumnName"] for column in schema["ColumnDefinition"]} == columns_of(version)


def focus_of(*lines: Line) -> Rows:
    document = document_of(Random(1), list(lines))
    return csv_rows(written(Format.FOCUS, document, list(lines)))


def test_a_credit_has_prices_that_are_not_negative_and_a_negative_quantity() -> None:
    (row,) = focus_of(
        blank_line(
            1, cpu_core_hours=2_000_000, cpu_cost=-6, list_cost=-6, effective_cost=-6, billed_cost=0
        )
    )
    assert (row["ListUnitPrice"], row["PricingQuantity"]) == ("0.000003000000000000", "-2.000000")


def test_a_correction_keeps_the_month_that_it_corrects() -> None:
    adjustment = blank_line(
        1, line_type="adjustment", cluster="prod", effective_cost=50, billed_cost=0
    )
    (row,) = focus_of(adjustment)
    assert (row["ChargeCategory"], row["ChargeClass"]) == ("Adjustment", "Correction")
    assert (row["ChargePeriodStart"], row["BillingPeriodStart"]) == (
        "2026-08-01T00:00:00Z",
        "2026-09-01T00:00:00Z",
    )


def test_a_preliminary_statement_is_no_invoice() -> None:
    document, lines = statement(2, revision=0)
    assert {row["InvoiceId"] for row in csv_rows(written(Format.FOCUS, document, lines))} == {""}
