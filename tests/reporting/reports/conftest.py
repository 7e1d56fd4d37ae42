"""Reports over the month of one cluster that statements are tested with."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from costinsights.accounts.models import User
from reporting.models import Period, ReportDefinition, ReportKind, ReportRun
from reporting.reports.asking import ask_for_run
from reporting.reports.running import do_run
from reporting.statements.closing import close, prepare
from tests.reporting.statements.conftest import (
    analyst,
    approver,
    centers,
    clock,
    october,
    prod,
    rules,
)
from tests.reporting.statements.programs import Program

__all__ = ["analyst", "approver", "centers", "clock", "october", "prod", "rules"]

Ran = Callable[..., ReportRun]


@pytest.fixture
def program(analyst: User) -> Program:
    return Program(analyst)


@pytest.fixture
def closed(october: Period, analyst: User, approver: User) -> Period:
    close(prepare(october, by=analyst), by=approver)
    october.refresh_from_db()
    return october


@pytest.fixture
def statements(analyst: User) -> ReportDefinition:
    return ReportDefinition.objects.create(
        name="Finance",
        kind=ReportKind.STATEMENTS,
        parameters={"month": "last", "centers": []},
        formats=["csv", "journal"],
        created_by=analyst,
    )


@pytest.fixture
def costs(analyst: User) -> ReportDefinition:
    return ReportDefinition.objects.create(
        name="Namespaces",
        kind=ReportKind.COSTS,
        parameters={"window": "lastmonth"},
        formats=["csv", "xlsx", "parquet"],
        created_by=analyst,
    )


@pytest.fixture
def ran(clock: Any) -> Ran:
    """Asks for a run and does it at once."""

    def run(report: ReportDefinition, by: User) -> ReportRun:
        now = timezone.now()
        run = ask_for_run(report, by=by, now=now)
        do_run(run.pk, now=now)
        run.refresh_from_db()
        return run

    return run
