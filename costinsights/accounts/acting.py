"""Who acts in a request, for the audit log."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from costinsights.accounts.clients import client_ip
from costinsights.core.actor import Actor, ActorKind, acting_as, current_actor, set_actor


class ActorMiddleware:
    """Names the actor: a visitor from this address until somebody asks who `request.user` is.

    Reading a page of nobody's costs no query for a name; whatever changes something has looked at the
    user before. An API token's program is named where the token is checked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        visitor = Actor(
            ActorKind.VISITOR,
            label="visitor",
            ip_address=client_ip(request),
            request_id=getattr(request, "request_id", ""),
        )
        found = request.user
        with acting_as(visitor):
            request.user = SimpleLazyObject(lambda: _named(found))  # type: ignore[assignment]  # as Django's own
            return self.get_response(request)


def _named(user: Any) -> Any:
    """The user; from here on they are the actor, unless an API token came first."""
    if user.is_authenticated and current_actor().kind == ActorKind.VISITOR:
        actor = current_actor()
        set_actor(actor.now(user.actor_kind, identifier=str(user.pk), label=user.email))
    return user
