"""What is closed stays as it is: whoever tries, whatever happens later, and when two close at once."""

import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costinsights.accounts.models import User
from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import tenant_connection, tenant_context
from costinsights.costs.models import Cluster
from reporting.exports.formats import Format
from reporting.models import CostCenter, MappingRule, Period, PeriodClose, Statement, StatementLine
from reporting.rendering import Source, make
from reporting.statements import closing
from reporting.statements.closing import close, prepare
from reporting.statements.late import late_data, note_late_data
from tenants.models import Tenant
from tests.database import admin_connection
from tests.reporting.statements.conftest import STORED, store_day

COLUMNS = {
    "reporting_statement": ("billed", "effective", "line_count", "revision"),
    "reporting_statementline": ("billed_cost", "list_cost", "effective_cost", "position"),
    "reporting_periodclose": ("number", "revision"),
}


def frozen() -> list[Any]:
    """Every byte that is closed, and the files that are made of it."""
    files = [
        make(Source(one.period, statement=one), wanted).sha256
        for one in Statement.objects.filter(revision__gt=0).select_related("period")
        for wanted in (Format.CSV, Format.XLSX)
    ]
    documents = Statement.objects.filter(revision__gt=0).order_by("pk")
    lines = StatementLine.objects.filter(statement__revision__gt=0)
    return [
        *files,
        *documents.values_list("document", "sha256", "billed"),
        *lines.order_by("statement_id", "position").values_list(),
        *PeriodClose.objects.values_list("document", "sha256"),
    ]


@pytest.fixture
def closed(october: Period, analyst: User, approver: User) -> Period:
    close(prepare(october, by=analyst), by=approver)
    october.refresh_from_db()
    return october


@pytest.mark.django_db
def test_no_statement_of_sql_changes_a_closed_month(closed: Period) -> None:
    before = frozen()
    tries = [
        f"UPDATE {table} SET {column} = {column} + {step}"
        for table, columns in COLUMNS.items()
        for column in columns
        for step in (*range(-8, 0), *range(1, 9))
    ]
    tries += [f"DELETE FROM {table}" for table in COLUMNS] * 13
    for statement in tries:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert len(tries) >= 199
    assert frozen() == before


@pytest.mark.django_db
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    day=st.sampled_from(list(STORED)),
    extra=st.integers(-1_000_000, 5_000_000),
    name=st.text("abcdef", min_size=1, max_size=8),
)
def test_whatever_happens_later_the_closed_month_stays(
    closed: Period, prod: Cluster, day: int, extra: int, name: str
) -> None:
    before = frozen()
    store_day(prod, day, extra=extra)
    Cluster.objects.update(name=name)
    CostCenter.objects.update(name=name, gl_account="", owner_email="")
    MappingRule.objects.update(filter=f'namespace:"{name}"', is_active=False)
    late_data(closed)
    assert frozen() == before


@pytest.mark.django_db
def test_a_crash_before_the_end_of_a_close_leaves_the_month_as_it_was(
    october: Period, analyst: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare(october, by=analyst)
    before = list(Statement.objects.values_list("pk", "sha256"))

    def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("the worker was killed")

    monkeypatch.setattr(closing, "_note_closed", dies)
    with pytest.raises(RuntimeError):
        close(prepared, by=approver)
    assert list(Statement.objects.values_list("pk", "sha256")) == before
    assert not PeriodClose.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_at_once_one_does(
    acme: Tenant, october: Period, analyst: User, approver: User
) -> None:
    prepared = prepare(october, by=analyst)
    ended: list[str] = []
    together = threading.Barrier(2)

    def closes() -> None:
        with tenant_context(acme):
            together.wait(20)
            try:
                close(prepared, by=approver)
                ended.append("closed")
            except ApplicationError as error:
                ended.append(error.code)
            finally:
                connection.close()

    threads = [threading.Thread(target=closes) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ended) == ["closed", "conflict"]
    assert PeriodClose.objects.count() == 1
    assert Statement.objects.count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {}.reporting_statementline SET billed_cost = billed_cost + 10000 WHERE position = 1",
        "UPDATE {}.reporting_statement SET document = replace(document, 'SHOP', 'SHOQ')",
        "UPDATE {}.reporting_periodclose SET prev_sha256 = repeat('1', 64)",
        "UPDATE {}.reporting_statement SET document = 'gone'",
        "DELETE FROM {}.reporting_statementline WHERE position = 2",
    ],
)
def test_a_superusers_change_is_found(acme: Tenant, closed: Period, change: str) -> None:
    out = StringIO()
    call_command("verify_statements", "--tenant", "acme", stdout=out)
    assert "1 closes and 3 statements hold" in out.getvalue()
    with admin_connection(tenant_connection.settings_dict["NAME"]) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(change.format(acme.schema_name))
        admin.commit()
    with pytest.raises(CommandError, match="problems"):
        call_command("verify_statements", "--tenant", "acme", stdout=StringIO())


@pytest.mark.django_db
def test_the_night_notes_late_data_with_the_month(closed: Period, prod: Cluster) -> None:
    store_day(prod, 28, extra=1_000_000)
    note_late_data(closed, now=closed.closes.get().closed_at)
    closed.refresh_from_db()
    assert closed.late_amount == 1_000_000
