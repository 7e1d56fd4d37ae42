"""Migrating many schemas: each migration whole or not at all, several schemas at once, safe to repeat.

State is in the schemas themselves: whoever starts again does what is missing. Django records a
migration after its last statement in a transaction of its own; a process killed in between would leave a
schema that can go neither way. Here the record is part of the migration's transaction.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from django.db.utils import OperationalError
from psycopg.errors import LockNotAvailable

from costinsights.core.tenancy import tenant_connection
from tenants.provisioning import TEMPLATE_LOCK
from tenants.schema_state import applied_migrations

log = structlog.get_logger(__name__)

# A statement of ours that waits for a lock makes everybody behind it wait: give up early, try again.
_LOCK_WAIT = "2s"
_LOCK_ATTEMPTS = 15
_STATEMENT_SECONDS = 900

RUN_LOCK = 0x636F7374_6D696772  # an advisory lock of this database: deploys exclude each other


class AnotherRun(Exception):
    """A migration run of somebody else did not end in time."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A schema whose migration failed, and why; the others went on."""

    schema: str
    migration: str
    error: Exception


class AtomicExecutor(MigrationExecutor):
    """Django's executor, with the record of a migration in the same transaction as its statements."""

    def state_so_far(self) -> ProjectState:
        """The models as the applied migrations left them."""
        create: Any = getattr(self, "_create_project_state")  # noqa: B009  # Django's own command calls it; no types
        state: ProjectState = create(with_applied_migrations=True)
        return state

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        for attempt in range(1, _LOCK_ATTEMPTS + 1):
            before = state.clone() if attempt < _LOCK_ATTEMPTS else state
            try:
                with transaction.atomic() if migration.atomic else nullcontext():
                    _patience(local=migration.atomic)
                    return super().apply_migration(before, migration, fake, fake_initial)
            except OperationalError as error:
                is_lock = isinstance(error.__cause__, LockNotAvailable)
                if not is_lock or not migration.atomic or attempt == _LOCK_ATTEMPTS:
                    raise
                log.info("migration_waits_for_a_lock", migration=str(migration), attempt=attempt)
                time.sleep(0.2 * attempt)
        raise AssertionError("the loop returns or raises")


def _patience(*, local: bool) -> None:
    """Long statements are allowed, long waits for locks are not."""
    scope = "SET LOCAL" if local else "SET"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{scope} statement_timeout = '{_STATEMENT_SECONDS}s'; {scope} lock_timeout = '{_LOCK_WAIT}'"
        )


@contextmanager
def only_run(wait_seconds: float, waiting: Callable[[], None]) -> Iterator[psycopg.Connection[Any]]:
    """Hold the lock of migration runs on a connection of its own, which ends with this process.

    `waiting` is called once when somebody else holds it. Raises AnotherRun after `wait_seconds`.
    """
    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert")
    }
    with psycopg.connect(**parameters, autocommit=True) as session:
        until = time.monotonic() + wait_seconds
        told = False
        while not _locked(session, RUN_LOCK):
            if not told:
                waiting()
                told = True
            if time.monotonic() > until:
                raise AnotherRun
            time.sleep(0.5)
        yield session


def _locked(session: psycopg.Connection[Any], key: int) -> bool:
    row = session.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone()
    return bool(row and row[0])


@contextmanager
def template_held(session: psycopg.Connection[Any]) -> Iterator[None]:
    """Nobody makes a tenant from the template while its definitions change."""
    session.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
    try:
        yield
    finally:
        session.execute("SELECT pg_advisory_unlock(%s)", [TEMPLATE_LOCK])


def migrate_schema(schema: str, *, signal: Callable[..., None] | None = None) -> int:
    """Bring one schema to this release as the owner role. Returns how many migrations ran."""
    tenant_connection.set_schema(schema)
    executor = AtomicExecutor(connection)
    executor.loader.check_consistent_history(connection)
    executor.recorder.ensure_schema()
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    state = executor.state_so_far()
    if signal is not None:
        signal("pre", plan, state.apps)
    executor.check_replacements()
    if plan:
        state = executor.migrate(executor.loader.graph.leaf_nodes(), plan=plan, state=state.clone())
    if signal is not None:
        state.clear_delayed_apps_cache()
        signal("post", plan, state.apps)
    return len(plan)


class SchemaMigrator:
    """Migrates schemas that all have the same migrations, one after another, in one thread.

    What Django works out before the first statement (the graph, the models before the plan) is the same for all
    of them and is worked out once.
    """

    def __init__(self, first: str) -> None:
        tenant_connection.set_schema(first)
        self.executor = AtomicExecutor(connection)
        self.executor.loader.check_consistent_history(connection)
        self.targets = self.executor.loader.graph.leaf_nodes()
        self.plan = self.executor.migration_plan(self.targets)
        self.replaces = bool(self.executor.loader.replacements)
        self.applied = dict(self.executor.loader.applied_migrations)
        self.before = self.executor.state_so_far()
        if self.plan:
            assert self.before.apps is not None  # noqa: S101  # rendered once here, cloned for each schema

    def migrate(self, schema: str) -> Failure | None:
        """Run the plan in `schema`."""
        tenant_connection.set_schema(schema)
        self.executor.loader.applied_migrations = dict(self.applied)
        state = self.before.clone()
        at = "its history"
        try:
            for migration, _ in self.plan:
                at = str(migration)
                state = self.executor.apply_migration(state, migration)
            if self.replaces:
                self.executor.check_replacements()
        except Exception as error:  # noqa: BLE001  # reported with its schema; the others go on
            return Failure(schema, at, error)
        return None


def migrate_schemas(
    schemas: dict[str, frozenset[tuple[str, str]]],
    *,
    threads: int,
    progress: Callable[[str, Failure | None], None],
) -> list[Failure]:
    """Migrate each schema from the migrations it has; schemas that have the same share the work.

    `progress` is called for each in turn, from several threads.
    """
    groups: dict[frozenset[tuple[str, str]], list[str]] = {}
    for schema, applied in schemas.items():
        groups.setdefault(applied, []).append(schema)
    shares = [group[at::threads] for group in groups.values() for at in range(threads)]
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="migrate") as pool:
        results = pool.map(lambda share: _share(share, progress), [s for s in shares if s])
        return [failure for failures in results for failure in failures]


def _share(schemas: list[str], progress: Callable[[str, Failure | None], None]) -> list[Failure]:
    failures: list[Failure] = []
    try:
        with tenant_connection.acting_as_owner():
            try:
                migrator = SchemaMigrator(schemas[0])
            except Exception as error:  # noqa: BLE001  # as in SchemaMigrator.migrate
                return [Failure(schema, "its history", error) for schema in schemas]
            for schema in schemas:
                failure = migrator.migrate(schema)
                progress(schema, failure)
                failures += [failure] if failure else []
            tenant_connection.set_schema_to_public()
    finally:
        connection.close()
    return failures


def waiting_schemas(
    schemas: list[str], expected: frozenset[tuple[str, str]]
) -> dict[str, frozenset[tuple[str, str]]]:
    """Those that lack one of the expected migrations, with what they have."""
    applied = applied_migrations(schemas)
    return {
        schema: applied.get(schema, frozenset())
        for schema in schemas
        if not expected <= applied.get(schema, frozenset())
    }
