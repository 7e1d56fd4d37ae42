"""The wall: a connection speaks with the rights of the tenant it works for, and no others.

Each switch sends the search path and the role as one statement; each cursor sends it again, because a
rollback takes the setting back. The path holds exactly one schema, so that a missing table is an
error and never the platform's table of the same name. A raw driver cursor, a stale path or a
qualified name then meets a role without rights.

The same statement names who acts, for the audit log's triggers, whenever that changed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django_tenants.postgresql_backend.base import DatabaseWrapper as SchemaDatabaseWrapper
from django_tenants.postgresql_backend.base import _check_schema_name
from django_tenants.utils import get_public_schema_name
from psycopg import sql
from psycopg.pq import TransactionStatus

from costinsights.core.actor import Actor, current_actor
from costinsights.core.audit_sql import ACTOR_SETTING

MAX_IDENTIFIER_BYTES = 63


class UnresolvedTenant(Exception):
    """A schema was entered by name, without the row that says which role may use it."""


def role_name(database: str, suffix: str) -> str:
    """A role's name. Roles are global to a server, so they carry the database's name."""
    name = f"{database}_{suffix}"
    if len(name.encode()) > MAX_IDENTIFIER_BYTES:
        raise ImproperlyConfigured(
            f"The database name “{database}” is too long for role names: at most 48 bytes."
        )
    return name


class SchemaEditor(DatabaseSchemaEditor):
    """Makes no second index on text for prefix searches: nothing here asks for those, and each one is a
    file in every tenant."""

    def _create_like_index_sql(self, model: Any, field: Any) -> None:
        return None


class DatabaseWrapper(SchemaDatabaseWrapper):  # type: ignore[misc]  # django-tenants has no types
    """Search path and role together; the owner's role only inside `acting_as_owner()`."""

    include_public_schema = False
    SchemaEditorClass = SchemaEditor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._owner_depth = 0
        self._identity_lost = False
        self._setting_search_path = False
        self._named_actor: Actor | None = None  # whom the server was told about last
        super().__init__(*args, **kwargs)

    # Which role ------------------------------------------------------------------------------

    @property
    def owner_role(self) -> str:
        return role_name(self.settings_dict["NAME"], "owner")

    @property
    def public_role(self) -> str:
        return role_name(self.settings_dict["NAME"], "public")

    def _current_role(self) -> str:
        if self._owner_depth:
            return self.owner_role
        if self.schema_name == get_public_schema_name():
            return self.public_role
        role = getattr(self.tenant, "database_role", None)
        if not role:
            raise UnresolvedTenant(
                f"Schema “{self.schema_name}” was entered by name. Enter a tenant by its row."
            )
        return str(role)

    @contextmanager
    def acting_as_owner(self) -> Iterator[None]:
        """Use the owner's rights: migrations and provisioning only."""
        self._owner_depth += 1
        self._enter_if_connected()
        try:
            yield
        finally:
            self._owner_depth -= 1
            self._enter_if_connected()

    # Switching -------------------------------------------------------------------------------

    def set_tenant(self, tenant: Any, include_public: bool = False) -> None:
        super().set_tenant(tenant, include_public=False)
        self._enter_if_connected()

    def _enter_if_connected(self) -> None:
        """Switch at once, so that even a raw driver cursor opened next meets the right role."""
        if self.connection is None or self.connection.closed:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # only a rollback can follow, and the next cursor enters again
        with self.connection.cursor() as cursor:
            self._send_identity(cursor)

    def _send_identity(self, cursor: Any) -> None:
        actor = current_actor()
        if actor is self._named_actor:
            cursor.execute(self._identity_statement())
        else:
            cursor.execute(f"{self._identity_statement()}; {self._actor_statement(actor)}")
            self._named_actor = actor

    def _actor_statement(self, actor: Actor) -> str:
        """Labels are what people typed: the driver quotes them."""
        value = sql.Literal(actor.as_setting()).as_string(self.connection)
        return f"SET {ACTOR_SETTING} = {value}"

    def _identity_statement(self) -> str:
        _check_schema_name(self.schema_name)
        path = self.ops.quote_name(self.schema_name)
        return f"SET search_path = {path}; SET ROLE {self.ops.quote_name(self._current_role())}"

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Called by django-tenants for every cursor it hands out."""
        if self._setting_search_path:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # the caller's next statement fails as well, unless it is the rollback
        self._setting_search_path = True
        try:
            if cursor is not None:
                self._send_identity(cursor)
            else:
                with self.connection.cursor() as own_cursor:
                    self._send_identity(own_cursor)
        finally:
            self._setting_search_path = False

    # A rollback takes SET back, and a pooled connection comes without -----------------------------

    def get_new_connection(self, conn_params: Any) -> Any:
        self._named_actor = None
        return super().get_new_connection(conn_params)

    def rollback(self) -> None:
        super().rollback()
        self._identity_lost = True
        self._named_actor = None

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        super().set_autocommit(autocommit, *args, **kwargs)
        if autocommit and self._identity_lost:
            self._identity_lost = False
            self._enter_if_connected()

    def savepoint_rollback(self, sid: str) -> None:
        super().savepoint_rollback(sid)
        self._named_actor = None
        self._enter_if_connected()
