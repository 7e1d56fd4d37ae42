"""The month of one cluster, and a program of an analyst."""

import pytest

from costinsights.accounts.models import User
from tests.reporting.statements.conftest import analyst as analyst  # fixtures
from tests.reporting.statements.conftest import approver as approver
from tests.reporting.statements.conftest import centers as centers
from tests.reporting.statements.conftest import clock as clock
from tests.reporting.statements.conftest import october as october
from tests.reporting.statements.conftest import prod as prod
from tests.reporting.statements.conftest import rules as rules
from tests.reporting.statements.programs import Program


@pytest.fixture
def program(analyst: User) -> Program:
    return Program(analyst)
