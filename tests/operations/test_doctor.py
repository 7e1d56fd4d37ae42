"""Each thing that is broken is named, with the way out."""

import base64
import datetime as dt
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from costinsights.core.tenancy import public_context, tenant_connection, tenant_context
from costinsights.operations import conditions, doctor, heartbeat, redis
from costinsights.operations.doctor import Level, Line, database, surroundings, tenants
from tenants.models import Domain, Tenant, TenantStatus
from tests.database import admin_connection
from tests.factories.costs import ClusterFactory

pytestmark = pytest.mark.django_db(transaction=True)


def ask(question: doctor.Question) -> list[Line]:
    """One question, as the doctor asks it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doctor, "QUESTIONS", [question])
        return doctor.examine()


def problem(question: doctor.Question) -> str:
    (line, *_) = [line for line in ask(question) if line.level == Level.PROBLEM]
    assert line.way_out
    return line.words


def warning(question: doctor.Question) -> str:
    (line, *_) = [line for line in ask(question) if line.level == Level.WARNING]
    assert line.way_out
    return line.words


@pytest.fixture
def admin() -> Iterator[Any]:
    """The administrator's hands, to break things with."""
    with admin_connection(connection.settings_dict["NAME"]) as session:
        yield session


def test_settings_that_open_the_wall(settings: Any) -> None:
    settings.DATABASES["default"]["CONN_MAX_AGE"], before = 60, 0
    try:
        assert "tenants.E004" in problem(surroundings.settings_are_safe)
    finally:
        settings.DATABASES["default"]["CONN_MAX_AGE"] = before


def test_debug_in_production(settings: Any) -> None:
    settings.DEBUG = True
    assert any("DEBUG" in line.words for line in ask(surroundings.settings_are_safe))


def test_a_login_role_that_may_too_much(admin: Any) -> None:
    login = connection.settings_dict["USER"]
    admin.execute(f"ALTER ROLE {login} CREATEDB")
    try:
        assert "CREATEDB" in problem(database.database_roles)
    finally:
        admin.execute(f"ALTER ROLE {login} NOCREATEDB")


def test_rights_given_to_everybody(admin: Any, acme: Tenant) -> None:
    admin.execute(f"GRANT SELECT ON {acme.schema_name}.costs_cluster TO PUBLIC")
    try:
        assert "PUBLIC" in problem(database.database_roles)
    finally:
        admin.execute(f"REVOKE SELECT ON {acme.schema_name}.costs_cluster FROM PUBLIC")


def test_a_tenant_that_reaches_another(admin: Any, acme: Tenant, globex: Tenant) -> None:
    admin.execute(f"GRANT USAGE ON SCHEMA {globex.schema_name} TO {acme.database_role}")
    try:
        assert f"{acme.schema_name} reaches" in problem(tenants.wall_of_each_tenant)
    finally:
        admin.execute(f"REVOKE USAGE ON SCHEMA {globex.schema_name} FROM {acme.database_role}")


def test_a_tenant_whose_role_the_login_lost(admin: Any, acme: Tenant) -> None:
    login, owner = connection.settings_dict["USER"], tenant_connection.owner_role
    revoke = f"REVOKE {acme.database_role} FROM {login} GRANTED BY {owner}"
    admin.execute(revoke)
    try:
        assert acme.schema_name in problem(tenants.wall_of_each_tenant)
    finally:
        admin.execute(f"GRANT {acme.database_role} TO {login} GRANTED BY {owner}")


def test_a_schema_changed_by_hand(admin: Any, globex: Tenant) -> None:
    admin.execute(f"ALTER TABLE {globex.schema_name}.costs_cluster ADD COLUMN by_hand text")
    try:
        assert "unexpected column costs_cluster.by_hand" in problem(tenants.schemas_are_alike)
    finally:
        admin.execute(f"ALTER TABLE {globex.schema_name}.costs_cluster DROP COLUMN by_hand")


def test_a_migration_that_was_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    known = conditions.migrations_on_disk()
    monkeypatch.setattr(conditions, "migrations_on_disk", lambda: known | {("costs", "9999_new")})
    assert "costs.9999_new" in problem(database.migrations_are_applied)


def test_a_deletion_that_did_not_end(globex: Tenant) -> None:
    with public_context():
        Tenant.objects.filter(pk=globex.pk).update(status=TenantStatus.DELETING)
    assert "1 tenants are marked" in warning(tenants.tenants_being_deleted)


def test_redis_that_is_away(settings: Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.REDIS_URL = f"redis://127.0.0.1:{unused.getsockname()[1]}/0"
        assert "does not answer" in problem(surroundings.redis_keeps_what_it_is_given)


def test_redis_that_evicts_and_forgets() -> None:
    server: Any = redis.server()
    before = server.info()
    server.config_set("maxmemory-policy", "allkeys-lru")
    server.config_set("appendonly", "no")
    try:
        assert "drops keys when full" in problem(surroundings.redis_keeps_what_it_is_given)
        assert "a crash loses" in warning(surroundings.redis_keeps_what_it_is_given)
    finally:
        server.config_set("maxmemory-policy", before["maxmemory_policy"])
        server.config_set("appendonly", "yes" if before["aof_enabled"] else "no")


def test_beat_that_is_silent() -> None:
    redis.server().delete(redis.HEARTBEAT_KEY + "beat")
    heartbeat.note("worker")
    assert "never heard of" in problem(surroundings.beat_and_worker_are_alive)


def test_a_clock_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    late = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=3)
    monkeypatch.setattr(surroundings, "_now", lambda: late)
    assert "differ by 180 s" in problem(surroundings.clocks_agree)


def test_mail_that_nobody_takes(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", unused.getsockname()[1]
        assert "refuses or does not answer" in problem(surroundings.mail_can_be_sent)


def test_mail_that_goes_nowhere() -> None:
    assert "not to people" in warning(surroundings.mail_can_be_sent)


def test_a_key_that_is_gone_and_a_key_that_is_old(acme: Tenant, settings: Any) -> None:
    new = base64.urlsafe_b64encode(b"n" * 32).decode()
    with tenant_context(acme):
        cluster = ClusterFactory.create(auth_kind="bearer")
        cluster.seal_secret("a secret")
        cluster.save()
    old = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert f"{acme.schema_name}.costs_cluster" in problem(database.stored_secrets_open)
    settings.FIELD_ENCRYPTION_KEYS = [new, *old]
    assert "1 are under an older key" in warning(database.stored_secrets_open)


def test_a_domain_that_leads_nowhere(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BASE_DOMAIN = "costs.example"
    monkeypatch.setattr(surroundings, "_resolves", lambda host: host == "costs.example")
    assert "acme.localhost" in warning(surroundings.domains_resolve)
    with public_context():
        assert Domain.objects.exists()


def test_a_server_that_does_not_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "fsync is off" in problem(database.postgres_is_set_up)  # as the tests' own server is


def test_a_question_that_cannot_be_asked_is_a_problem() -> None:
    def what_is_this() -> Iterator[Line]:
        raise OSError("no such device")

    (line,) = ask(what_is_this)
    assert (line.level, line.subject) == (Level.PROBLEM, "what is this")


def test_the_command_ends_with_1_and_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call_command("doctor", json=True)
    lines = json.loads(capsys.readouterr().out)
    assert end.value.code == 1
    assert {"subject", "level", "words", "way_out"} == set(lines[0])


def test_what_is_in_order_says_so() -> None:
    for asked in (database.database_roles, tenants.wall_of_each_tenant, tenants.schemas_are_alike):
        assert [line.level for line in ask(asked)] == [Level.OK]
