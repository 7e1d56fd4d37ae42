"""The database refuses what the code above it must never ask for."""

from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.db import ProgrammingError, connection, transaction
from django.db.utils import DatabaseError
from redis import Redis

from costinsights.core.tenancy import (
    NoTenant,
    current_tenant,
    public_context,
    tenant_connection,
    tenant_context,
)
from tenants.models import StaffUser, Tenant
from tenants.postgresql_backend.base import UnresolvedTenant


def whoami() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user, current_user, current_schemas(false)")
        return cursor.fetchone()


def test_a_tenant_speaks_with_its_own_role_and_sees_one_schema(acme: Tenant) -> None:
    login, role, schemas = whoami()
    assert role == acme.database_role != login
    assert schemas == [acme.schema_name]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {other}.accounts_user",
        "SELECT * FROM public.tenants_tenant",
        "SELECT * FROM tenant_template.accounts_user",
        "INSERT INTO {other}.django_migrations (app, name, applied) VALUES ('a', 'b', now())",
        "CREATE TABLE own (i int)",
        "CREATE SCHEMA more",
        "DROP TABLE accounts_user",
        "DELETE FROM django_migrations",
        "SELECT * FROM tenants_staffuser",
    ],
)
def test_what_is_not_the_tenants_is_an_error(acme: Tenant, globex: Tenant, statement: str) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(other=globex.schema_name))


def test_a_raw_driver_cursor_speaks_for_the_tenant_of_now(acme: Tenant, globex: Tenant) -> None:
    raw = connection.connection.cursor()
    with tenant_context(globex):
        assert raw.execute("SELECT current_user").fetchone() == (globex.database_role,)
    assert raw.execute("SELECT current_user").fetchone() == (acme.database_role,)


def test_a_rolled_back_switch_is_made_again(acme: Tenant, globex: Tenant) -> None:
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        tenant_context(globex),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT 1 / 0")
    assert whoami()[1] == acme.database_role


@pytest.mark.django_db(transaction=True)
def test_a_connection_goes_back_to_the_pool_without_an_identity() -> None:
    tenant = Tenant.objects.get(slug="acme")
    with tenant_context(tenant):
        whoami()
    connection.close()
    with tenant_connection.pool.connection() as raw:
        login = raw.execute("SELECT current_user, session_user").fetchone()
        assert login[0] == login[1]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute("SELECT * FROM public.tenants_tenant")


def test_a_schema_named_without_its_row_is_refused(acme: Tenant) -> None:
    with pytest.raises(UnresolvedTenant):
        tenant_connection.set_schema("t_1")
    tenant_connection.set_tenant(acme)


def test_the_platform_role_cannot_read_a_tenant(acme: Tenant) -> None:
    with public_context():
        assert StaffUser.objects.count() == 0
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {acme.schema_name}.accounts_user")


def test_an_exception_leaves_the_caller_where_it_was(acme: Tenant, globex: Tenant) -> None:
    with pytest.raises(RuntimeError), tenant_context(globex):
        raise RuntimeError
    assert current_tenant().pk == acme.pk


def test_there_is_no_current_tenant_on_the_platform(acme: Tenant) -> None:
    with public_context(), pytest.raises(NoTenant):
        current_tenant()


def test_cache_keys_carry_the_tenant_and_the_shared_ones_do_not(
    acme: Tenant, globex: Tenant
) -> None:
    cache.set("colour", "green")
    caches["shared"].set("plan", "gold")
    with tenant_context(globex):
        assert cache.get("colour") is None
        assert caches["shared"].get("plan") == "gold"
    keys: Any = Redis.from_url(settings.REDIS_URL, decode_responses=True).keys("*")
    assert {key.split(":")[0] for key in keys} <= {"t", "g"}


def test_emptying_a_shared_server_is_refused(acme: Tenant) -> None:
    with pytest.raises(RuntimeError, match="every tenant"):
        cache.clear()
