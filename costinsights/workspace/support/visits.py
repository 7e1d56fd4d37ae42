"""A staff member's visit: a session of the tenant's host that belongs to a grant, not to a member."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from costinsights.accounts.clients import client_ip
from costinsights.accounts.models import Role, User
from costinsights.core.actor import Actor, ActorKind, set_actor
from costinsights.core.audit import record_event
from costinsights.core.tenancy import current_tenant, on_public_schema
from tenants.models import SupportGrant
from tenants.support import grant_in_force

SESSION_KEY: Final = "_support_grant"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def begin(session: SessionBase, grant: SupportGrant) -> None:
    """Make this browser's session a visit. Whoever was signed in with it is signed out."""
    session.flush()
    session[SESSION_KEY] = grant.pk
    session.set_expiry(grant.expires_at)


def visitor_of(request: HttpRequest) -> SupportGrant | None:
    """The grant behind this request, when it is a visit."""
    return getattr(request, "support_grant", None)


def as_viewer(grant: SupportGrant) -> User:
    """What the pages see: a viewer who is no row of this tenant and cannot become one."""
    visitor = User(email=grant.staff.email, name="Cost Insights support", role=Role.VIEWER)

    def refuse(*_: Any, **__: Any) -> None:
        raise TypeError("A support visitor is no member and is never saved.")

    visitor.save = refuse  # type: ignore[method-assign]  # of this one object
    return visitor


class SupportVisitMiddleware:
    """Lets a visit read the pages that are `open_to_support`, and nothing else.

    The grant is read on every request, so that its end, by time or by the owner, is the visit's end. A
    page that does not say it is open is closed; every page seen leaves an entry in the audit log.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        pk = None if on_public_schema() else request.session.get(SESSION_KEY)
        if pk is None:
            return self.get_response(request)
        grant = grant_in_force(current_tenant(), pk, timezone.now())
        if grant is None:
            request.session.flush()
            return render(request, "workspace/support/over.html", status=403)
        request.support_grant = grant  # type: ignore[attr-defined]  # read by visitor_of
        request.user = as_viewer(grant)  # type: ignore[assignment]  # typed for the staff model
        set_actor(actor_of(grant, request))
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], _: Any, __: Any
    ) -> HttpResponse | None:
        grant = visitor_of(request)
        if grant is None:
            return None
        declared = getattr(view, "view_class", view)
        if getattr(declared, "is_leaving_support", False):
            return None
        if request.method not in SAFE or not getattr(declared, "open_to_support", False):
            record_event("support.refused", target=request.path, details={"method": request.method})
            return render(request, "workspace/support/closed.html", status=403)
        record_event("support.viewed", target=request.path, details={"grant": grant.pk})
        return None


def actor_of(grant: SupportGrant, request: HttpRequest) -> Actor:
    return Actor(
        ActorKind.STAFF,
        identifier=str(grant.staff_id),
        label=grant.staff.email,
        ip_address=client_ip(request),
        request_id=str(getattr(request, "request_id", "")),
    )


def minutes_left(grant: SupportGrant, at: dt.datetime) -> int:
    """Whole minutes until the grant ends by itself, at least 1 while it is in force."""
    if grant.expires_at is None:
        return 0
    return max(1, round((grant.expires_at - at).total_seconds() / 60))
