"""Writing every sealed secret anew under the newest key, so that an older one can be taken away.

State is in the values: each names its key. A run that is killed leaves some old and some new, all readable, and
the next one does the rest. A value is replaced only while it is what was read, so nobody's change is lost.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from psycopg import sql

from costinsights.core import crypto
from costinsights.core.actor import Actor, ActorKind, acting_as
from costinsights.core.tenancy import public_context, tenant_context
from costinsights.operations.sealed import SealedColumn, sealed_columns
from tenants.models import Tenant, TenantStatus

_PASSES = 3  # a value that somebody changed meanwhile is looked at again


@dataclass
class Outcome:
    """What a run did. Unreadable values are named by where they are, never by what they are."""

    resealed: int = 0
    unreadable: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """A sealed column of one schema, and how to get there."""

    schema: str
    sealed: SealedColumn
    enter: Callable[[], AbstractContextManager[None]]

    def __str__(self) -> str:
        return f"{self.schema}.{self.sealed.table}.{self.sealed.column}"

    def statement(self, text: str) -> sql.Composed:
        """SQL with this column's names in it."""
        return sql.SQL(text).format(
            table=sql.Identifier(self.sealed.table),
            column=sql.Identifier(self.sealed.column),
            key=sql.Identifier(self.sealed.key),
        )


def places() -> Iterator[Place]:
    """Every sealed column of the public schema and of each tenant that is not being deleted."""
    for sealed in sealed_columns(of_tenants=False):
        yield Place("public", sealed, public_context)
    with public_context():
        tenants = list(Tenant.objects.exclude(status=TenantStatus.DELETING).order_by("pk"))
    for tenant in tenants:
        for sealed in sealed_columns(of_tenants=True):
            yield Place(
                tenant.schema_name,
                sealed,
                lambda tenant=tenant: tenant_context(tenant),  # type: ignore[misc]  # bound now
            )


def rotate(*, batch: int = 200, said: Callable[[str], None] = lambda _: None) -> Outcome:
    """Reseal what an older key sealed. `said` hears of each column that has some."""
    outcome = Outcome()
    with acting_as(Actor(ActorKind.SYSTEM, label="rotate_keys")):
        for place in places():
            with place.enter():
                for _ in range(_PASSES):
                    if not _reseal(place, batch, outcome, said):
                        break
    outcome.unreadable = sorted(set(outcome.unreadable))
    return outcome


def _reseal(place: Place, batch: int, outcome: Outcome, said: Callable[[str], None]) -> int:
    """One pass over a column. Returns how many values somebody else changed under it."""
    prefix = f"v1.{crypto.current_key_id()}."
    reading = place.statement(
        "SELECT {key}, {column} FROM {table} WHERE {column} <> '' AND NOT starts_with({column}, %s) "
        "AND (%s::text IS NULL OR {key} > %s) ORDER BY {key} LIMIT %s"
    )
    last, raced = None, 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(reading, [prefix, None if last is None else "", last, batch])
            rows = cursor.fetchall()
        if not rows:
            return raced
        said(f"{place}: {len(rows)}")
        for pk, token in rows:
            last = pk
            raced += _reseal_one(place, pk, token, outcome)


def _reseal_one(place: Place, pk: Any, token: str, outcome: Outcome) -> int:
    aad = place.sealed.place(place.schema, pk)
    try:
        anew = crypto.seal(crypto.unseal(token, aad=aad), aad=aad)
    except crypto.SecretUnreadable as error:
        outcome.unreadable.append(f"{place} of row {pk}: {error}")
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            place.statement("UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s"),
            [anew, pk, token],
        )
        outcome.resealed += cursor.rowcount
        return 1 - int(cursor.rowcount)


def values_per_key() -> Counter[str]:
    """How many values each key id has sealed, in all schemas."""
    counted: Counter[str] = Counter()
    for place in places():
        with place.enter(), connection.cursor() as cursor:
            cursor.execute(
                place.statement(
                    "SELECT split_part({column}, '.', 2), count(*) FROM {table} "
                    "WHERE {column} <> '' GROUP BY 1"
                )
            )
            counted.update(dict(cursor.fetchall()))
    return counted


def unreadable_values() -> list[str]:
    """Values that do not open where they are, whatever key they name."""
    found = []
    for place in places():
        with place.enter(), connection.cursor() as cursor:
            cursor.execute(
                place.statement("SELECT {key}, {column} FROM {table} WHERE {column} <> ''")
            )
            for pk, token in cursor.fetchall():
                try:
                    crypto.unseal(token, aad=place.sealed.place(place.schema, pk))
                except crypto.SecretUnreadable as error:
                    found.append(f"{place} of row {pk}: {error}")
    return found
