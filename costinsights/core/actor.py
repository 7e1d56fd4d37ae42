"""Who acts: named once at the edge (a request, a job, a command), read by the audit log."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What sort of somebody acts."""

    MEMBER = "member"
    PROGRAM = "program"  # a member's API token
    STAFF = "staff"
    SYSTEM = "system"  # a job or a command
    VISITOR = "visitor"  # nobody signed in


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, from where. `identifier` is a key (member id, token key id, staff id)."""

    kind: ActorKind
    identifier: str = ""
    label: str = ""  # what people read: an e-mail address, a token's name, a job's name
    ip_address: str | None = None
    request_id: str = ""


SYSTEM = Actor(ActorKind.SYSTEM, label="system")
_actor: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current_actor() -> Actor:
    """Whoever acts now; the system itself where nobody was named."""
    return _actor.get()


def set_actor(actor: Actor) -> None:
    """Name the actor for the rest of this request."""
    _actor.set(actor)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Act as somebody inside the block."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)
