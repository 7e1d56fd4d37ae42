"""Loaded before Django's settings: starts Postgres and Valkey for the run and names them.

`TEST_DATABASE_ADMIN_URL` and `TEST_REDIS_URL` use servers that exist. Each test process gets a
database of its own, so that runs beside each other never meet.
"""

import contextlib
import fcntl
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"  # before anything imports the product

from costinsights.local.services import ensure_services, servers_of  # see above

if TYPE_CHECKING:
    import pytest

STATE = Path(__file__).resolve().parent.parent / ".local" / "test"
_OWN_SERVERS = "TEST_DATABASE_ADMIN_URL" not in os.environ
_WORKER = os.environ.get("PYTEST_XDIST_WORKER")

if _OWN_SERVERS:
    STATE.mkdir(parents=True, exist_ok=True)
    # Held for the whole run: the last run to let go stops the servers.
    _users = (STATE / "users.lock").open("w")
    fcntl.flock(_users, fcntl.LOCK_SH)
    _services = ensure_services(STATE, durable=False)
    os.environ["TEST_DATABASE_ADMIN_URL"] = _services.admin_url
    os.environ["TEST_REDIS_URL"] = _services.redis_url

DATABASE = f"ci_test_{os.getpid()}"
_admin = urlsplit(os.environ["TEST_DATABASE_ADMIN_URL"])
_password = secrets.token_hex(8)
# Sixteen logical databases of one Valkey: a process each, so that flushing stays at home.
_redis_number = int(_WORKER.removeprefix("gw")) + 1 if _WORKER else 0

os.environ.update(
    DATABASE_URL=f"postgres://{DATABASE}_login:{_password}@{_admin.hostname}:{_admin.port}/{DATABASE}",
    REDIS_URL=f"{os.environ['TEST_REDIS_URL'].rpartition('/')[0]}/{_redis_number}",
    SECRET_KEY="test-" + "0123456789" * 5,
    FIELD_ENCRYPTION_KEYS="MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    BASE_DOMAIN="localhost",
    PUBLIC_SCHEME="http",
    LOCAL_TOOLS="1",
    DEMO_MODE="0",  # whatever the shell that starts the run has set
    DEBUG="0",
    OUTBOUND_ALLOWED_NETWORKS="127.0.0.0/8",
    DJANGO_ALLOW_ASYNC_UNSAFE="1",  # Playwright's synchronous API runs an event loop of its own
)


def pytest_unconfigure(config: "pytest.Config") -> None:
    """The last run of this checkout stops the servers."""
    if not _OWN_SERVERS or _WORKER:
        return
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(_users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for server in reversed(servers_of(STATE, durable=False)):
            server.stop()
    _users.close()
