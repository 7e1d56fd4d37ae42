"""The doctor's questions: each gives lines that say OK, warning or problem, and the way out."""

import datetime as dt
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.mail import get_connection
from django.db import connection
from redis.exceptions import RedisError

from costinsights.core import crypto
from costinsights.core.tenancy import public_context, tenant_connection, tenant_context
from costinsights.operations import conditions, heartbeat, redis, rotation
from tenants import checks as tenant_checks
from tenants import schema_state
from tenants.models import Domain, Tenant, TenantStatus
from tenants.provisioning import TEMPLATE_SCHEMA

LONGEST_CLOCK_DIFFERENCE = 5.0  # seconds
_NAMED = 5  # of many of the same kind


class Level(StrEnum):
    """How bad a line is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Line:
    """One finding. `way_out` is empty when nothing needs doing."""

    subject: str
    level: Level
    words: str
    way_out: str = ""


Question = Callable[[], Iterator[Line]]
QUESTIONS: list[Question] = []


def question(ask: Question) -> Question:
    """Register what the doctor asks, in order."""
    QUESTIONS.append(ask)
    return ask


def examine() -> list[Line]:
    """Every line of every question. A question that raises is a problem of its own."""
    lines: list[Line] = []
    for ask in QUESTIONS:
        subject = ask.__name__.replace("_", " ")
        try:
            with public_context():
                lines += list(ask()) or [Line(subject, Level.OK, "in order")]
        except Exception as error:  # noqa: BLE001  # the doctor goes on whatever it meets
            lines.append(
                Line(
                    subject,
                    Level.PROBLEM,
                    f"could not be looked at: {type(error).__name__}: {error}",
                )
            )
        finally:
            connection.close()
    return lines


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


@question
def settings_are_safe() -> Iterator[Line]:
    """Django's own deployment checks and ours."""
    subject = "settings"
    # Left out: one key for all is long by design of .env; TLS ends at the proxy where PUBLIC_SCHEME says so.
    for item in checks.run_checks(include_deployment_checks=True, databases=["default"]):
        if item.is_silenced() or (item.id or "").startswith(("drf_spectacular", "security.W008")):
            continue
        level = Level.PROBLEM if item.level >= checks.ERROR else Level.WARNING
        yield Line(subject, level, f"{item.id}: {' '.join(item.msg.split())}", str(item.hint or ""))
    if settings.DEBUG:
        yield Line(subject, Level.PROBLEM, "DEBUG shows code to visitors", "Set DEBUG=0.")
    if settings.DEMO_MODE:
        yield Line(
            subject,
            Level.WARNING,
            "DEMO_MODE shows public passwords",
            "Set DEMO_MODE=0 outside of a demo.",
        )


@question
def database_roles() -> Iterator[Line]:
    """The wall: who may log in, who may act as whom, and what everybody may."""
    subject = "database roles"
    bootstrap = "Run `manage.py bootstrap_database`."
    for item in tenant_checks.login_role_findings():
        yield Line(subject, Level.PROBLEM, item.msg, item.hint or bootstrap)
    with connection.cursor() as cursor:
        for name in (tenant_connection.owner_role, tenant_connection.public_role):  # type: ignore[attr-defined]  # of our backend
            cursor.execute(
                "SELECT rolsuper OR rolbypassrls OR rolcanlogin FROM pg_roles WHERE rolname = %s",
                [name],
            )
            if cursor.fetchone() != (False,):
                yield Line(
                    subject, Level.PROBLEM, f"{name} may log in or passes every wall", bootstrap
                )
        cursor.execute(
            "SELECT count(*) FROM pg_namespace n, aclexplode(n.nspacl) a "
            "WHERE a.grantee = 0 AND n.nspname !~ '^(pg_|information_schema)'"
        )
        schemas = cursor.fetchone()[0]
        cursor.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, "
            "aclexplode(c.relacl) a WHERE a.grantee = 0 AND n.nspname !~ '^(pg_|information_schema)'"
        )
        tables = cursor.fetchone()[0]
    if schemas or tables:
        yield Line(
            subject,
            Level.PROBLEM,
            f"everybody (PUBLIC) has rights on {schemas} schemas and {tables} tables",
            "REVOKE ALL ON … FROM PUBLIC for each; `manage.py bootstrap_database` does it for the public schema.",
        )


def _tenants() -> list[Tenant]:
    return list(Tenant.objects.exclude(status=TenantStatus.DELETING).order_by("pk"))


@question
def wall_of_each_tenant() -> Iterator[Line]:
    """Inside a tenant the database answers the tenant's role and path, and sees no other schema."""
    wrong = []
    for tenant in _tenants():
        try:
            with tenant_context(tenant), connection.cursor() as cursor:
                cursor.execute("SELECT current_user::text, current_schema()::text")
                if cursor.fetchone() != (tenant.database_role, tenant.schema_name):
                    wrong.append(tenant.schema_name)
                cursor.execute(
                    "SELECT count(*) FROM pg_namespace WHERE nspname <> ALL(%s) "
                    "AND nspname !~ '^(pg_|information_schema)' "
                    "AND has_schema_privilege(current_user, oid, 'USAGE')",
                    [[tenant.schema_name]],
                )
                if cursor.fetchone() != (0,):
                    wrong.append(f"{tenant.schema_name} reaches other schemas")
        except Exception as error:  # noqa: BLE001  # the next tenant is asked all the same
            wrong.append(f"{tenant.schema_name} ({type(error).__name__})")
            connection.close()
    if wrong:
        yield Line(
            "tenants' roles",
            Level.PROBLEM,
            f"the wall does not stand for {_listed(wrong)}",
            "Look at the role's grants: USAGE on its own schema only, granted to the login role only.",
        )
    else:
        yield Line("tenants' roles", Level.OK, f"{len(_tenants())} tenants are behind the wall")


@question
def tenants_being_deleted() -> Iterator[Line]:
    left = Tenant.objects.filter(status=TenantStatus.DELETING).count()
    if left:
        yield Line(
            "deletions",
            Level.WARNING,
            f"{left} tenants are marked for deletion and still there",
            "A worker deletes them; or run `manage.py erase_tenant` for each.",
        )


@question
def migrations_are_applied() -> Iterator[Line]:
    missing = conditions.migrations_on_disk() - conditions.applied_in_public()
    if missing:
        names = [f"{app}.{name}" for app, name in sorted(missing)]
        yield Line(
            "migrations",
            Level.PROBLEM,
            f"not applied: {_listed(names)}",
            "Run `manage.py migrate_schemas`.",
        )


@question
def schemas_are_alike() -> Iterator[Line]:
    schemas = [tenant.schema_name for tenant in _tenants()]
    with tenant_connection.acting_as_owner():
        found = schema_state.fingerprints([TEMPLATE_SCHEMA, *schemas])
        wanted = found.get(TEMPLATE_SCHEMA, "")
        different = [schema for schema in schemas if found.get(schema) != wanted]
        for schema in different[:_NAMED]:
            what = schema_state.differences(schema, TEMPLATE_SCHEMA)[:3]
            yield Line(
                "schemas",
                Level.PROBLEM,
                f"{schema} differs from the template: {'; '.join(what)}",
                "Run `manage.py migrate_schemas`; what it does not mend was changed by hand.",
            )
    if not different:
        yield Line("schemas", Level.OK, f"{len(schemas)} tenants have the template's fingerprint")


@question
def redis_keeps_what_it_is_given() -> Iterator[Line]:
    subject = "redis"
    try:
        server: Any = redis.server()
        info = server.info()
    except RedisError as error:
        yield Line(
            subject,
            Level.PROBLEM,
            f"does not answer: {type(error).__name__}",
            "Start it, or mend REDIS_URL.",
        )
        return
    if info.get("maxmemory_policy") != "noeviction":
        yield Line(
            subject,
            Level.PROBLEM,
            f"it drops keys when full ({info.get('maxmemory_policy')}), and with them jobs",
            "Set maxmemory-policy noeviction.",
        )
    if not info.get("aof_enabled"):
        yield Line(
            subject,
            Level.WARNING,
            "a crash loses the jobs that wait",
            "Set appendonly yes. What is due is planned again from Postgres, later.",
        )
    if int(info.get("maxmemory", 0)) and info["used_memory"] > 0.8 * info["maxmemory"]:
        yield Line(subject, Level.WARNING, "it is over 80 % full", "Raise maxmemory.")


@question
def beat_and_worker_are_alive() -> Iterator[Line]:
    for who in ("beat", "worker"):
        seconds = heartbeat.age(who)
        if seconds is None or seconds > heartbeat.SILENT_AFTER_SECONDS:
            since = "was never heard of" if seconds is None else f"is silent for {seconds:.0f} s"
            yield Line(
                who, Level.PROBLEM, f"it {since}", f"Start `celery -A costinsights.celery {who}`."
            )
    if (waiting := redis.queue_length()) > 1000:
        yield Line("queue", Level.WARNING, f"{waiting} jobs wait", "Start more workers.")


@question
def clocks_agree() -> Iterator[Line]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    for name, instant in (("Postgres", theirs.timestamp()), ("Redis", redis.server_time())):
        seconds = abs(_now().timestamp() - instant)
        if seconds > LONGEST_CLOCK_DIFFERENCE:
            yield Line(
                "clocks",
                Level.PROBLEM,
                f"this machine and {name} differ by {seconds:.0f} s",
                "Keep both with a time service; periods are UTC.",
            )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@question
def mail_can_be_sent() -> Iterator[Line]:
    if "smtp" not in settings.EMAIL_BACKEND:
        yield Line(
            "mail",
            Level.WARNING,
            "mails go to the log or a file, not to people",
            "Set EMAIL_URL to smtp+tls://user:password@host:587.",
        )
        return
    mailer: Any = get_connection()
    try:
        mailer.open()
        mailer.close()
    except OSError as error:
        yield Line(
            "mail",
            Level.PROBLEM,
            f"the mail server refuses or does not answer: {type(error).__name__}",
            "Check EMAIL_URL: host, port, TLS, user and password.",
        )


@question
def stored_secrets_open() -> Iterator[Line]:
    subject = "stored secrets"
    unreadable = rotation.unreadable_values()
    if unreadable:
        yield Line(
            subject,
            Level.PROBLEM,
            f"{len(unreadable)} do not open: {_listed(unreadable)}",
            "Put the key that sealed them back into FIELD_ENCRYPTION_KEYS, or have them typed in anew.",
        )
    older = sum(rotation.values_per_key().values()) - rotation.values_per_key().get(
        crypto.current_key_id(), 0
    )
    if older and not unreadable:
        yield Line(
            subject,
            Level.WARNING,
            f"{older} are under an older key",
            "Run `manage.py rotate_keys`.",
        )


@question
def domains_resolve() -> Iterator[Line]:
    """Names that lead nowhere. A loopback platform is somebody's laptop and is not asked about."""
    if settings.BASE_DOMAIN == "localhost" or settings.BASE_DOMAIN.endswith(".localhost"):
        yield Line("domains", Level.OK, "not looked up: this is a local installation")
        return
    hosts = [settings.BASE_DOMAIN, *Domain.objects.values_list("domain", flat=True)[:200]]
    lost = [host for host in hosts if not _resolves(host)]
    if lost:
        yield Line(
            "domains",
            Level.WARNING,
            f"no address for {_listed(lost)}",
            f"Point *.{settings.BASE_DOMAIN} and tenants' own domains at the proxy.",
        )


def _resolves(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None))
    except OSError:
        return False


@question
def postgres_is_set_up() -> Iterator[Line]:
    subject = "postgres"
    with tenant_connection.acting_as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
            [["max_locks_per_transaction", "max_connections", "fsync", "full_page_writes"]],
        )
        found = dict(cursor.fetchall())
        cursor.execute("SELECT pg_database_size(current_database())")
        size = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM pg_stat_activity")
        used = cursor.fetchone()[0]
    if int(found["max_locks_per_transaction"]) < 256:
        yield Line(
            subject,
            Level.WARNING,
            f"max_locks_per_transaction is {found['max_locks_per_transaction']}",
            "Set it to 1024: deleting or dumping a tenant locks each of its relations.",
        )
    for name in ("fsync", "full_page_writes"):
        if found.get(name) == "off":
            yield Line(
                subject, Level.PROBLEM, f"{name} is off: a crash corrupts data", f"Set {name} = on."
            )
    if used > 0.8 * int(found["max_connections"]):
        yield Line(
            subject,
            Level.WARNING,
            f"{used} of {found['max_connections']} connections are taken",
            "Raise max_connections or lower DATABASE_POOL_SIZE.",
        )
    yield Line(subject, Level.OK, f"the database has {size / 2**20:.0f} MiB")
