"""Settings that would open a hole are refused at start, each with the way out."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connection
from django.db.utils import OperationalError, ProgrammingError

from costinsights.core.tenancy import public_context
from tenants.domains import is_host
from tenants.models import Domain

BACKEND = "tenants.postgresql_backend"
MIDDLEWARE = "tenants.middleware.TenantMiddleware"
# Know nothing of tenants: probes, the request's id, the access log.
BEFORE_THE_TENANT = [
    "costinsights.operations.middleware.ProbesMiddleware",
    "costinsights.core.middleware.RequestIdMiddleware",
    "costinsights.operations.middleware.AccessMiddleware",
]
LONGEST_SWITCH_CACHE = 50  # seconds; a request or a job remembers what it read for a few more


def _without_tracing(names: list[str]) -> list[str]:
    """OpenTelemetry puts its own middleware first when it is on; that one only measures."""
    return [name for name in names if not name.startswith("opentelemetry.")]


def _error(number: int, message: str, hint: str) -> checks.Error:
    return checks.Error(message, hint=hint, id=f"tenants.E{number:03d}")


@checks.register(checks.Tags.security)
def settings_keep_the_wall(**_: Any) -> list[checks.CheckMessage]:
    """Every setting that the isolation of tenants rests on."""
    database = settings.DATABASES["default"]
    visibility: Any = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    found: list[checks.CheckMessage] = []

    def require(number: int, holds: bool, message: str, hint: str) -> None:
        if not holds:
            found.append(_error(number, message, hint))

    require(
        1,
        database["ENGINE"] == BACKEND,
        "The database backend does not switch roles.",
        f"Set ENGINE to {BACKEND}.",
    )
    require(
        2,
        not getattr(settings, "TENANT_LIMIT_SET_CALLS", False),
        "TENANT_LIMIT_SET_CALLS leaves a stale tenant on the connection.",
        "Remove the setting.",
    )
    require(
        3,
        bool(database.get("ATOMIC_REQUESTS")),
        "ATOMIC_REQUESTS is off.",
        "Set ATOMIC_REQUESTS to True; a view that talks to the network opts out by name.",
    )
    require(
        4,
        database.get("CONN_MAX_AGE", 0) == 0,
        "CONN_MAX_AGE keeps connections across requests.",
        "Set CONN_MAX_AGE to 0; the psycopg pool keeps them open safely.",
    )
    require(
        5,
        not getattr(settings, "SHOW_PUBLIC_IF_NO_TENANT_FOUND", False),
        "An unknown host would get the platform's pages.",
        "Remove SHOW_PUBLIC_IF_NO_TENANT_FOUND.",
    )
    require(
        6,
        not set(settings.SHARED_APPS) & set(settings.TENANT_APPS),
        "An app has tables in the public schema and in tenants.",
        "A missing tenant table must be an error, never the platform's: list each app once.",
    )
    require(
        7,
        _without_tracing(settings.MIDDLEWARE)[:4] == [*BEFORE_THE_TENANT, MIDDLEWARE],
        "Something runs before the tenant is known.",
        f"Let MIDDLEWARE begin with {', '.join(BEFORE_THE_TENANT)} and {MIDDLEWARE}.",
    )
    require(
        8,
        not any(
            "cache.UpdateCache" in name or "FetchFromCache" in name for name in settings.MIDDLEWARE
        ),
        "A page cache would serve one tenant's page to another.",
        "Remove the cache middleware.",
    )
    require(
        9,
        settings.CACHES["default"].get("KEY_FUNCTION") == "costinsights.core.cache.tenant_key",
        "Cache keys do not carry the tenant.",
        "Set KEY_FUNCTION of the default cache to costinsights.core.cache.tenant_key.",
    )
    require(
        10,
        settings.WAFFLE_CACHE_NAME == "shared"
        and settings.CACHES["shared"].get("KEY_FUNCTION") == "costinsights.core.cache.shared_key",
        "A kill switch would not reach every tenant.",
        "Set WAFFLE_CACHE_NAME to “shared” and give that cache costinsights.core.cache.shared_key.",
    )
    require(
        11,
        settings.SESSION_COOKIE_DOMAIN is None and settings.CSRF_COOKIE_DOMAIN is None,
        "A cookie would be sent to other tenants' hosts.",
        "Leave SESSION_COOKIE_DOMAIN and CSRF_COOKIE_DOMAIN unset: host-only cookies.",
    )
    require(
        12,
        settings.CELERY_ACCEPT_CONTENT == ["json"] and settings.CELERY_TASK_SERIALIZER == "json",
        "Jobs could carry objects that run code.",
        "Set CELERY_ACCEPT_CONTENT to ['json'] and CELERY_TASK_SERIALIZER to 'json'.",
    )
    require(
        13,
        visibility > settings.CELERY_TASK_TIME_LIMIT,
        "A job may outlive its message's visibility time-out and run twice.",
        "Keep CELERY_TASK_TIME_LIMIT below visibility_timeout.",
    )
    require(
        14,
        bool(settings.FIELD_ENCRYPTION_KEYS),
        "There is no key to encrypt stored credentials with.",
        "Set FIELD_ENCRYPTION_KEYS to 32 random bytes in URL-safe base64.",
    )
    require(
        15,
        not getattr(settings, "PG_EXTRA_SEARCH_PATHS", []),
        "PG_EXTRA_SEARCH_PATHS opens further schemas to every tenant.",
        "Remove the setting.",
    )
    kept_for = settings.CACHES["shared"].get("TIMEOUT", 300)
    require(
        16,
        isinstance(kept_for, int) and 0 < kept_for <= LONGEST_SWITCH_CACHE,
        "A switch changed by raw SQL would not arrive within a minute.",
        f"Set SWITCH_CACHE_SECONDS to 1 to {LONGEST_SWITCH_CACHE}.",
    )
    require(
        30,
        is_host(settings.STAFF_HOST) and settings.STAFF_HOST != settings.BASE_DOMAIN,
        "STAFF_HOST is no host name of its own.",
        "Give a host name in lower case, without port, that differs from BASE_DOMAIN.",
    )
    require(
        31,
        not settings.DEMO_STAFF or settings.DEMO_MODE,
        "The staff sign-in would show an account's codes.",
        "Leave DEMO_STAFF empty outside of a demo.",
    )
    return found


@checks.register(checks.Tags.database)
def staff_host_is_no_tenants(databases: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """A tenant whose domain is the staff host could not be reached there."""
    return staff_host_findings() if databases else []


def staff_host_findings() -> list[checks.CheckMessage]:
    try:
        with public_context():
            is_taken = Domain.objects.filter(domain=settings.STAFF_HOST).exists()
    except ProgrammingError:
        return []  # before the first migration there are no domains
    if not is_taken:
        return []
    return [
        _error(
            32,
            f"STAFF_HOST, {settings.STAFF_HOST}, is a tenant's domain.",
            "Choose another STAFF_HOST, or remove the domain.",
        )
    ]


@checks.register(checks.Tags.database)
def login_role_has_no_rights(databases: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """The login role may only act as others: no superuser, no inheritance, no row-security bypass."""
    if not databases:
        return []
    connection.ensure_connection()
    return login_role_findings()


def login_role_findings() -> list[checks.CheckMessage]:
    """Questions to the server about session_user; they need no rights."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper, rolinherit, rolbypassrls, rolcreatedb, rolcreaterole "
            "FROM pg_roles WHERE rolname = session_user"
        )
        name, *attributes = cursor.fetchone()
    words = ("SUPERUSER", "INHERIT", "BYPASSRLS", "CREATEDB", "CREATEROLE")
    too_much = [word for word, has in zip(words, attributes, strict=True) if has]
    if not too_much:
        return []
    return [
        _error(
            20,
            f"The database login “{name}” is {', '.join(too_much)}: the wall would not hold.",
            "Run `manage.py bootstrap_database` with DATABASE_ADMIN_URL set to that login and give "
            "DATABASE_URL a role of its own.",
        )
    ]


def refuse_unsafe_start() -> None:
    """Called where a server process starts: ends it with the findings if the wall would not hold."""
    found = settings_keep_the_wall()
    if not found:
        try:
            found = login_role_findings()
        except OperationalError:
            found = []  # the database is away: /readyz says so, and every start of work asks again
        finally:
            connection.close()
    if found:
        raise SystemExit("\n".join(f"{item.id}: {item.msg} {item.hint}" for item in found))
