"""Two seeded tenants, the count of probes, and the switch that takes the wall down."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection, models

from costinsights.core import cache as cache_keys
from costinsights.core.tenancy import tenant_connection
from tenants.models import Tenant
from tenants.postgresql_backend.base import DatabaseWrapper
from tests.database import admin_connection
from tests.figures import count
from tests.isolation.seeding import canary_of, seed

WALL_IS_DOWN = os.environ.get("ISOLATION_WALL") == "off"
_STATE = "down" if WALL_IS_DOWN else "up"


@dataclass
class Ledger:
    """What one test tried and what came through."""

    name: str
    probes: int = 0
    leaks: list[str] = field(default_factory=list)

    def probe(self, what: str, *, leaked: bool) -> None:
        self.probes += 1
        count(f"isolation probes, wall {_STATE}")
        count(f"isolation leaks, wall {_STATE}", int(leaked))
        if leaked:
            self.leaks.append(what)

    def settle(self) -> None:
        """The verdict of the test."""
        assert self.probes, "nothing was tried"
        assert not self.leaks, f"{len(self.leaks)} of {self.probes} probes leaked: {self.leaks[:5]}"


@dataclass(frozen=True)
class Seeded:
    """A tenant with a row in every table."""

    tenant: Tenant
    rows: dict[str, models.Model]
    canary: str


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Ledger:
    return Ledger(request.node.name)


@pytest.fixture
def seeded_acme(acme: Tenant, globex: Tenant) -> Seeded:
    """acme with canaries; the same member, key and password hash also stand in globex."""
    return Seeded(acme, seed(acme), canary_of(acme))


@pytest.fixture
def seeded_globex(seeded_acme: Seeded, globex: Tenant) -> Seeded:
    return Seeded(globex, seed(globex), canary_of(globex))


def _open_identity_statement(self: Any) -> str:
    """What stock schema switching does: a path with public behind it, and no role."""
    names = [self.schema_name, "public"]
    return "RESET ROLE; SET search_path = " + ", ".join(map(self.ops.quote_name, names))


@pytest.fixture(scope="session", autouse=True)
def _wall(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """With ISOLATION_WALL=off: one all-mighty login, no roles, no eager switch, bare cache keys."""
    if not WALL_IS_DOWN:
        yield
        return
    with admin_connection() as admin:
        admin.execute(f"ALTER ROLE {tenant_connection.settings_dict['USER']} SUPERUSER")
    with django_db_blocker.unblock():
        connection.close()
    patch = pytest.MonkeyPatch()
    patch.setattr(DatabaseWrapper, "_identity_statement", _open_identity_statement)
    patch.setattr(DatabaseWrapper, "_enter_if_connected", lambda self: None)
    from django.core.cache import caches

    for alias in ("default", "shared"):
        patch.setattr(caches[alias], "key_func", cache_keys.shared_key)
    yield
    patch.undo()
