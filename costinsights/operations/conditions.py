"""The readiness checks of the platform itself. Parts with work of their own register theirs."""

import time
from functools import lru_cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from costinsights.core.readiness import Finding, State, register
from costinsights.operations import heartbeat, redis

_REMEMBERED_SECONDS = 60.0
_migrated_at: list[float] = []


def register_all() -> None:
    """Called once when the app is ready."""
    register("database", database, essential=True)
    register("redis", redis_answers, essential=True)
    register("migrations", migrations, essential=True)
    register("beat", lambda: heard_of("beat"))
    register("worker", lambda: heard_of("worker"))


def database() -> Finding:
    """A connection of this process's own pool answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        if cursor.fetchone()[0]:
            return Finding(State.FAILED, "the server is a read-only standby")
    return Finding(State.OK)


def redis_answers() -> Finding:
    redis.server().ping()
    return Finding(State.OK)


def migrations() -> Finding:
    """The public schema has every migration this release brings. More than those is fine: a newer
    release is on its way, and its migrations leave this one working."""
    if _migrated_at and time.monotonic() - _migrated_at[0] < _REMEMBERED_SECONDS:
        return Finding(State.OK)
    missing = migrations_on_disk() - applied_in_public()
    if missing:
        return Finding(State.FAILED, f"{len(missing)} migrations wait: run migrate_schemas")
    _migrated_at[:] = [time.monotonic()]
    return Finding(State.OK)


@lru_cache(maxsize=1)
def migrations_on_disk() -> frozenset[tuple[str, str]]:
    """App and name of every migration of this release; squashed ones by what they replace."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset(loader.disk_migrations) - {
        key for key, migration in loader.disk_migrations.items() if migration.replaces
    }


def applied_in_public() -> set[tuple[str, str]]:
    """django-tenants records every app's migrations in the public schema, whoever has the tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return {(app, name) for app, name in cursor.fetchall()}


def heard_of(who: str) -> Finding:
    """Whether beat or a worker has given a sign lately. Pages work without them; numbers grow old."""
    seconds = heartbeat.age(who)
    if seconds is None:
        return Finding(State.DEGRADED, f"{who} has not been heard of yet")
    if seconds > heartbeat.SILENT_AFTER_SECONDS:
        return Finding(State.DEGRADED, f"{who} has been silent for {seconds:.0f} s")
    return Finding(State.OK, f"heard of {seconds:.0f} s ago")
