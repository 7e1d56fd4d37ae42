"""Members with limits, and rows that must or must not reach them."""

from django.test import Client
from django.utils import timezone

from costinsights.accounts.models import Role, User
from costinsights.core.periods import resolve_window
from costinsights.costs.current import cache
from costinsights.costs.current.pieces import pieces_of
from costinsights.costs.models import Cluster
from costinsights.opencost.schema import AllocatedCost
from tests.factories.accounts import UserFactory


def keep_rows(cluster: Cluster, rows: list[AllocatedCost]) -> None:
    """Make `rows` today's answer of this cluster's OpenCost, so that nobody is asked."""
    now = timezone.now()
    period = resolve_window("today", now=now)
    for piece in pieces_of(period, fingerprint=cluster.fingerprint, now=now):
        digest = str(hash(tuple(row.total for row in rows)))
        cache.write_piece(piece, rows, as_of=now, digest=f"{digest}{len(rows)}")


def limited(namespaces: tuple[str, ...] = (), labels: tuple[str, ...] = ()) -> User:
    """A viewer who sees only these."""
    return UserFactory.create(
        role=Role.VIEWER, scope_namespaces=list(namespaces), scope_labels=list(labels)
    )


def signed_in_as(client: Client, user: User) -> Client:
    client.force_login(user)  # type: ignore[arg-type]  # the stubs know one kind of user
    return client
