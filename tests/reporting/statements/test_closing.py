"""A month from open to closed, and what the database says to whoever wants to change it."""

import datetime as dt

import msgspec
import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from costinsights.accounts.models import User
from costinsights.core.errors import Conflict, InvalidInput, NotAllowed
from costinsights.costs.history.models import CostDay, Snapshot
from costinsights.costs.models import Cluster
from reporting.models import Period, PeriodClose, PeriodState, Review, Statement, StatementLine
from reporting.statements.closing import CloseRefused, close, prepare, reopen
from reporting.statements.document import decode
from reporting.statements.late import carry_forward, late_data
from reporting.statements.verifying import verify_closes
from tests.factories.reporting import CostCenterFactory, mapping_rule
from tests.reporting.statements.conftest import STORED, store_day

pytestmark = pytest.mark.django_db


def closed(period: Period, analyst: User, approver: User) -> PeriodClose:
    return close(prepare(period, by=analyst), by=approver)


def test_statements_and_the_rest_add_up_to_the_clusters_cost(
    october: Period, analyst: User, prod: Cluster
) -> None:
    prepare(october, by=analyst)
    found = StatementLine.objects.filter(statement__period=october)
    whole = CostDay.objects.aggregate(Sum("total_cost"))["total_cost__sum"]
    assert found.aggregate(Sum("list_cost"))["list_cost__sum"] == whole
    assert {one.code for one in Statement.objects.all()} == {"SHOP", "PAY", "unmapped"}


def test_lines_add_up_to_their_statement_to_the_cent(october: Period, analyst: User) -> None:
    prepare(october, by=analyst)
    for statement in Statement.objects.all():
        billed = statement.lines.aggregate(Sum("billed_cost"))["billed_cost__sum"]
        assert billed == statement.billed
        assert billed % 10_000 == 0


def test_a_closed_month_has_a_chain_that_holds(
    october: Period, analyst: User, approver: User
) -> None:
    made = closed(october, analyst, approver)
    assert (made.number, made.revision, made.prev_sha256) == (1, 1, "0" * 64)
    assert list(verify_closes()) == []
    assert Review.objects.count() == 2
    october.refresh_from_db()
    assert october.state == PeriodState.CLOSED


def test_preparing_again_replaces_what_was_preliminary(october: Period, analyst: User) -> None:
    first = prepare(october, by=analyst)
    again = prepare(october, by=analyst)
    assert first.prepared_sha256 == again.prepared_sha256
    assert Statement.objects.count() == 3


def test_a_statement_explains_its_shares(october: Period, analyst: User) -> None:
    prepare(october, by=analyst)
    document = decode(Statement.objects.get(code="PAY").document)
    (platform,), (idle,) = document.shared, document.idle
    assert platform.pool_total == len(STORED) * 500_001
    assert idle.cluster == "prod"
    parts = [decode(one.document).idle for one in Statement.objects.exclude(code="unmapped")]
    assert sum(part.amount for (part,) in parts) == idle.pool_total
    assert sum(part.weight for (part,) in parts) == idle.weight_total


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reporting_statement SET billed = billed + 1 WHERE code = 'SHOP'",
        "UPDATE reporting_statement SET revision = 0",
        "DELETE FROM reporting_statement WHERE code = 'unmapped'",
        "UPDATE reporting_statementline SET billed_cost = 0",
        "DELETE FROM reporting_statementline WHERE position = 1",
        "TRUNCATE reporting_statementline",
        "UPDATE reporting_periodclose SET override_reason = 'x'",
        "DELETE FROM reporting_periodclose",
        """INSERT INTO reporting_statementline
           SELECT (jsonb_populate_record(line, '{"position": 1001}')).* FROM reporting_statementline line
           WHERE position = 1""",
    ],
)
def test_the_database_refuses_to_change_what_is_closed(
    october: Period, analyst: User, approver: User, statement: str
) -> None:
    closed(october, analyst, approver)
    with (
        pytest.raises(DatabaseError, match=r"closed|denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_month_with_a_missing_day_closes_only_with_a_recorded_reason(
    october: Period, analyst: User, approver: User
) -> None:
    Snapshot.objects.filter(window_start__day=29).update(state="partial")
    prepare(october, by=analyst)
    october.refresh_from_db()
    with pytest.raises(CloseRefused, match="2026-10-29"):
        close(october, by=approver)
    made = close(october, by=approver, override_reason="The cluster was being moved.")
    assert made.override_reason == "The cluster was being moved."


def test_whoever_prepared_does_not_close_and_only_approvers_do(
    october: Period, analyst: User, approver: User
) -> None:
    held = prepare(october, by=approver)
    with pytest.raises(NotAllowed, match="prepared"):
        close(held, by=approver)
    with pytest.raises(NotAllowed, match="approver"):
        close(held, by=analyst)


def test_rules_that_changed_after_the_review_stop_the_close(
    october: Period, analyst: User, approver: User
) -> None:
    held = prepare(october, by=analyst)
    mapping_rule('namespace:"nobody"', (CostCenterFactory.create(), 1_000_000))
    with pytest.raises(CloseRefused, match="Prepare and review it again"):
        close(held, by=approver)


def test_late_data_become_lines_of_the_next_month_and_the_closed_one_stays(
    october: Period, analyst: User, approver: User, prod: Cluster
) -> None:
    made = closed(october, analyst, approver)
    store_day(prod, 28, extra=2_000_000)
    found = late_data(october)
    assert found.days == ["prod 2026-10-28"]
    assert found.amount == 2_000_000
    carry_forward(october, by=approver, reason="OpenCost was late.")
    assert late_data(october).changes == []
    assert list(verify_closes()) == []
    assert PeriodClose.objects.get().sha256 == made.sha256


def test_a_reopened_month_gets_another_revision(
    october: Period, analyst: User, approver: User, prod: Cluster
) -> None:
    first = closed(october, analyst, approver)
    store_day(prod, 28, extra=2_000_000)
    october.refresh_from_db()
    held = reopen(october, by=approver, reason="A day was wrong.")
    second = closed(held, analyst, approver)
    assert (second.revision, second.number, second.prev_sha256) == (2, 2, first.sha256)
    assert msgspec.json.decode(second.document)["reason"] == "A day was wrong."
    assert Statement.objects.filter(revision__gt=0).count() == 6


def test_a_closed_month_is_not_prepared_again(
    october: Period, analyst: User, approver: User
) -> None:
    closed(october, analyst, approver)
    with pytest.raises(Conflict, match="Reopen"):
        prepare(october, by=analyst)


def test_a_month_of_which_nothing_is_stored_says_so(
    rules: None, acme: object, analyst: User
) -> None:
    with pytest.raises(InvalidInput, match="Nothing is stored"):
        prepare(Period.objects.create(month=dt.date(2026, 5, 1)), by=analyst)
