"""Migration operations of the audit log: its functions, and the tables whose changes it holds.

    operations = [AuditTable("costs_budget", label="name", ignore=["updated_at"])]

Works in the public schema, the template and every tenant; a new tenant gets it by the replay of the
template. Removing a table from the log is `StopAuditing("costs_budget", …)` with the same arguments.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from django.db import router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

from costinsights.core import audit_sql

# Roles that the owner let into the current schema: one tenant's role, or the platform's.
_ROLES = """
    SELECT DISTINCT quote_ident(r.rolname)
    FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE n.nspname = current_schema() AND a.grantee <> n.nspowner
"""


class _SqlOperation(Operation, ABC):
    """Statements for the current schema that change no model."""

    reduces_to_sql = True
    atomic = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models stay as they are."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *_: Any
    ) -> None:
        self._run(app_label, schema_editor, self.forwards)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *_: Any
    ) -> None:
        self._run(app_label, schema_editor, self.backwards)

    def _run(self, app_label: str, editor: BaseDatabaseSchemaEditor, statements: Any) -> None:
        if not router.allow_migrate(editor.connection.alias, app_label):
            return
        for statement in statements(editor):
            editor.execute(statement, params=None)

    @abstractmethod
    def forwards(self, editor: BaseDatabaseSchemaEditor) -> Iterable[str]:
        """The statements of the migration."""

    @abstractmethod
    def backwards(self, editor: BaseDatabaseSchemaEditor) -> Iterable[str]:
        """The statements that undo it."""


class InstallAuditLog(_SqlOperation):
    """Make the tables of `log` an audit log: functions, seal, and no right but reading for roles."""

    def __init__(self, log: audit_sql.AuditLog) -> None:
        self.log = log

    def forwards(self, editor: BaseDatabaseSchemaEditor) -> Iterable[str]:
        connection: Any = editor.connection  # ours: it knows its schema
        yield from audit_sql.install(self.log, connection.ops.quote_name(connection.schema_name))
        yield from audit_sql.close_functions()
        with connection.cursor() as cursor:
            cursor.execute(_ROLES)
            roles = [row[0] for row in cursor.fetchall()]
        for role in roles:
            yield from audit_sql.protect(self.log, role)

    def backwards(self, editor: BaseDatabaseSchemaEditor) -> Iterable[str]:
        return audit_sql.remove(self.log)

    def describe(self) -> str:
        return f"Let the database write {self.log.entries}"


class AuditTable(_SqlOperation):
    """Have every change of a table's rows written to the audit log, whoever makes it and however.

    `label` is the column people know a row by. An update that touches only `ignore` columns is not
    written. Of `withhold` columns it is written that they changed, never their value. `on` narrows
    which changes count.
    """

    def __init__(
        self,
        table: str,
        *,
        key: str = "id",
        label: str = "",
        ignore: Iterable[str] = (),
        withhold: Iterable[str] = (),
        on: str = "INSERT OR UPDATE OR DELETE",
    ) -> None:
        self.table, self.key, self.label, self.on = table, key, label, on
        self.ignore, self.withhold = tuple(ignore), tuple(withhold)

    def forwards(self, editor: BaseDatabaseSchemaEditor) -> Iterable[str]:
        yield audit_sql.watch(
            editor.quote_name(self.table),
            key=self.key,
            label=self.label,
            ignore=self.ignore,
            withhold=self.withhold,
            on=self.on,
        )

    def backwards(self, editor: BaseDatabaseSchemaEditor) -> Iterable[str]:
        yield f"DROP TRIGGER {audit_sql.TRIGGER} ON {editor.quote_name(self.table)}"

    def describe(self) -> str:
        return f"Write changes of {self.table} to the audit log"


class StopAuditing(AuditTable):
    """The reverse of AuditTable: changes of the table are no longer written."""

    def forwards(self, editor: BaseDatabaseSchemaEditor) -> Iterable[str]:
        return super().backwards(editor)

    def backwards(self, editor: BaseDatabaseSchemaEditor) -> Iterable[str]:
        return super().forwards(editor)

    def describe(self) -> str:
        return f"Stop writing changes of {self.table} to the audit log"
