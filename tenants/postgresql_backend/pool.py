"""What the connection pool does between two users of a connection."""

from typing import TYPE_CHECKING, Any

from costinsights.core.audit_sql import ACTOR_SETTING

if TYPE_CHECKING:
    from psycopg import Connection


def forget_identity(connection: "Connection[Any]") -> None:
    """A connection goes back with the login role's own rights, which are none, and with nobody's name."""
    connection.execute(f"RESET ROLE; RESET search_path; SET {ACTOR_SETTING} = ''")
    connection.commit()
