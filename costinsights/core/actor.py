"""Who acts: named once at the edge (a request, a job, a command), read by the audit log."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum


class ActorKind(StrEnum):
    """What sort of somebody acts."""

    MEMBER = "member"
    PROGRAM = "program"  # a member's API token
    STAFF = "staff"
    SYSTEM = "system"  # a job or a command
    VISITOR = "visitor"  # nobody signed in
    DATABASE = "database"  # somebody at the database itself, past the application


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, from where. `identifier` is a key (member id, token key id, staff id)."""

    kind: ActorKind
    identifier: str = ""
    label: str = ""  # what people read: an e-mail address, a token's name, a job's name
    ip_address: str | None = None
    request_id: str = ""

    def as_setting(self) -> str:
        """How the database is told: the fields, separated by a character that none of them has."""
        fields = (self.kind, self.identifier, self.label, self.ip_address or "", self.request_id)
        return "\x1f".join(storable(field) for field in fields)

    def now(self, kind: ActorKind, *, identifier: str, label: str) -> "Actor":
        """Somebody else, at the same place and in the same request."""
        return replace(self, kind=kind, identifier=identifier, label=label)


def storable(text: str) -> str:
    """Without control characters and halves of characters: Postgres refuses some of them."""
    return text.translate(_CONTROL).encode("utf-8", "replace").decode()


_CONTROL = dict.fromkeys((*range(32), 127), " ")

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
