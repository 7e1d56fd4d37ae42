"""Migrate the public schema, the empty template and every tenant, as the owner role."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django_tenants.management.commands.migrate_schemas import (
    MigrateSchemasCommand as LibraryCommand,
)
from django_tenants.migration_executors import get_executor
from psycopg import sql

from costinsights.core.tenancy import public_context, tenant_connection
from tenants import migrating, schema_state
from tenants.features import ensure_switches
from tenants.limits import ensure_plan_limits
from tenants.models import Tenant, TenantStatus
from tenants.provisioning import TEMPLATE_SCHEMA
from tenants.staff.groups import ensure_staff_groups

# What changes the meaning of a run: one schema, one migration, no change at all. Done by the library, one
# schema after another.
_SPECIAL = (
    "schema_name",
    "app_label",
    "fake",
    "fake_initial",
    "plan",
    "prune",
    "run_syncdb",
    "check_unapplied",
)
_NAMED = 10  # of schemas that differ, with what differs
_ROUNDS = 3  # tenants made while a round ran are brought along in the next


class Command(LibraryCommand):  # type: ignore[misc]  # django-tenants has no types
    help = (
        "Migrate the public schema, the template and every tenant; safe to repeat and to run twice at once. "
        "Ends with all schemas equal to the template, or says which is not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(parallel=2)
        parser.add_argument(
            "--wait",
            type=int,
            default=900,
            metavar="SECONDS",
            help="how long to wait for another run to end (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.talks = options["verbosity"] >= 1
        if any(options.get(name) for name in _SPECIAL):
            with tenant_connection.acting_as_owner():
                self._as_the_library(*args, **options)
            return
        try:
            with migrating.only_run(options["wait"], self._waiting) as session:
                self._run(session, options)
        except migrating.AnotherRun:
            raise CommandError(
                f"Another migration run did not end within {options['wait']} seconds. Nothing was changed."
            ) from None

    def _waiting(self) -> None:
        self._say("Another migration run is at work; waiting for it.")

    def _say(self, text: str) -> None:
        if self.talks:
            self.stdout.write(text)

    def _run(self, session: Any, options: dict[str, Any]) -> None:
        with tenant_connection.acting_as_owner():
            try:
                if not options.get("tenant"):
                    self._migrate_public(options)
                    with migrating.template_held(session):
                        self._migrate_template()
                if not options.get("shared"):
                    self._migrate_tenants(max(1, options["parallel"]))
            finally:
                tenant_connection.set_schema_to_public()  # before the owner's role is given back
            switches, limits = ensure_switches(), ensure_plan_limits()
            ensure_staff_groups()
        if switches:
            self._say(f"{switches} feature switches created.")
        if limits:
            self._say(f"Limits of {limits} plans created.")

    # The platform -------------------------------------------------------------------------------

    def _migrate_public(self, options: dict[str, Any]) -> None:
        def signal(when: str, plan: Any, apps: Any) -> None:
            emit = emit_pre_migrate_signal if when == "pre" else emit_post_migrate_signal
            emit(
                0,
                options.get("interactive", False),
                connection.alias,
                stdout=self.stdout,
                apps=apps,
                plan=plan,
            )

        count = migrating.migrate_schema("public", signal=signal)
        self._say(f"public: {count} migrations." if count else "public: nothing to do.")

    def _migrate_template(self) -> None:
        tenant_connection.set_schema_to_public()
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(TEMPLATE_SCHEMA))
            )
        applied = schema_state.applied_migrations(["public", TEMPLATE_SCHEMA])
        if applied.get(TEMPLATE_SCHEMA, frozenset()) >= applied["public"]:
            return
        count = migrating.migrate_schema(TEMPLATE_SCHEMA)
        self._say(f"template: {count} migrations.")

    # The tenants --------------------------------------------------------------------------------

    def _migrate_tenants(self, threads: int) -> None:
        tenant_connection.set_schema_to_public()
        expected = schema_state.applied_migrations([TEMPLATE_SCHEMA])[TEMPLATE_SCHEMA]
        failures: list[migrating.Failure] = []
        for _ in range(_ROUNDS):
            waiting = migrating.waiting_schemas(_schemas(), expected)
            for failure in failures:
                waiting.pop(failure.schema, None)
            if not waiting:
                break
            self._say(f"tenants: {len(waiting)} to migrate, {threads} at once.")
            failures += migrating.migrate_schemas(waiting, threads=threads, progress=self._progress)
        self._compare({failure.schema for failure in failures}, failures)

    def _progress(self, schema: str, failure: migrating.Failure | None) -> None:
        if failure is not None:
            sys.stderr.write(f"{schema}: {failure.migration} failed: {failure.error}\n")

    def _compare(self, failed: set[str], failures: list[migrating.Failure]) -> None:
        """One fingerprint over all schemas, or a loud end that names the others."""
        schemas = _schemas()
        found = schema_state.fingerprints([TEMPLATE_SCHEMA, *schemas])
        wanted = found[TEMPLATE_SCHEMA]
        different = [s for s in schemas if s not in failed and found.get(s) != wanted]
        if not different and not failures:
            self._say(f"{len(schemas)} tenants have the template's fingerprint {wanted[:12]}.")
            return
        lines = [f"{f.schema}: {f.migration} failed: {f.error}" for f in failures]
        for schema in different[:_NAMED]:
            what = schema_state.differences(schema, TEMPLATE_SCHEMA)
            lines += [f"{schema} differs from the template:", *(f"  {line}" for line in what[:10])]
        raise CommandError(
            "\n".join(
                [
                    f"{len(failures)} tenants failed and {len(different)} differ; run this again.",
                    *lines,
                ]
            )
        )

    # What the library does ----------------------------------------------------------------------

    def _as_the_library(self, *args: Any, **options: Any) -> None:
        if not options.get("schema_name") and not options.get("tenant"):
            super().handle(*args, **{**options, "shared": True, "tenant": False})
            get_executor(codename=self.executor)(self.args, self.options).run_migrations(
                tenants=[TEMPLATE_SCHEMA]
            )
            tenant_connection.set_schema_to_public()
        if not options.get("shared"):
            super().handle(*args, **{**options, "tenant": True, "shared": False})
        tenant_connection.set_schema_to_public()


def _schemas() -> list[str]:
    """Every tenant's schema, those that are being deleted left out."""
    with public_context():
        return list(
            Tenant.objects.exclude(status=TenantStatus.DELETING)
            .order_by("pk")
            .values_list("schema_name", flat=True)
        )
