"""What the connection pool does between two users of a connection."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection


def forget_identity(connection: "Connection[Any]") -> None:
    """A connection goes back with the login role's own rights, which are none."""
    connection.execute("RESET ROLE; RESET search_path")
    connection.commit()
