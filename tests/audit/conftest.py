"""Entries of the log as tests ask for them, and the administrator who gets past everything."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg import Connection

from costinsights.accounts.models import AuditEntry
from costinsights.core.audit_chain import Verdict, verify
from costinsights.core.audit_sql import TENANT_LOG
from costinsights.core.tenancy import tenant_connection
from tenants.models import Tenant
from tests.database import admin_connection


def entries(**having: Any) -> list[Any]:
    """What the log of the current tenant holds, the oldest first."""
    return list(AuditEntry.objects.filter(**having).order_by("id"))


@pytest.fixture
def administrator(acme: Tenant) -> Iterator["Connection[Any]"]:
    """The server's administrator in acme's schema, with every trigger asleep."""
    with admin_connection(tenant_connection.settings_dict["NAME"]) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(f"SET search_path = {acme.schema_name}")
        yield admin


@pytest.fixture
def verdict() -> Callable[[], Verdict]:
    """What a check of the current tenant's chain says now."""
    return lambda: verify(TENANT_LOG)
