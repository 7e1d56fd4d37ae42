"""Migrate the public schema, the empty template and every tenant, as the owner role."""

from typing import Any

from django.db import connection
from django_tenants.management.commands.migrate_schemas import (
    MigrateSchemasCommand as LibraryCommand,
)
from django_tenants.migration_executors import get_executor
from psycopg import sql

from costinsights.core.tenancy import tenant_connection
from tenants.features import ensure_switches
from tenants.limits import ensure_plan_limits
from tenants.provisioning import TEMPLATE_SCHEMA


class Command(LibraryCommand):  # type: ignore[misc]  # django-tenants has no types
    """django-tenants' command with our owner role around it and the template before the tenants."""

    def handle(self, *args: Any, **options: Any) -> None:
        with tenant_connection.acting_as_owner():
            if not options.get("schema_name") and not options.get("tenant"):
                self._migrate_shared(*args, **options)
            if not options.get("shared"):
                super().handle(*args, **{**options, "tenant": True, "shared": False})
            tenant_connection.set_schema_to_public()
            if not options.get("schema_name"):
                created, limited = ensure_switches(), ensure_plan_limits()
                if created and options["verbosity"]:
                    self.stdout.write(f"{created} feature switches created.")
                if limited and options["verbosity"]:
                    self.stdout.write(f"Limits of {limited} plans created.")

    def _migrate_shared(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **{**options, "shared": True, "tenant": False})
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(TEMPLATE_SCHEMA))
            )
        get_executor(codename=self.executor)(self.args, self.options).run_migrations(
            tenants=[TEMPLATE_SCHEMA]
        )
        tenant_connection.set_schema_to_public()
