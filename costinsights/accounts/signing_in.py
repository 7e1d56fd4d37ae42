"""The one way from "we know who this is" to a session.

Whatever proved who somebody is (a password, an identity provider, an invitation) ends in `finish_sign_in`, which
asks for the second factor of whoever has one; nothing else calls `sign_in`.
"""

import datetime as dt
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final, cast

from django.contrib.auth import SESSION_KEY, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from costinsights.accounts import second_factor
from costinsights.accounts.clients import client_ip, user_agent
from costinsights.accounts.models import User
from costinsights.accounts.redirects import is_own_path
from costinsights.accounts.sessions import SessionStore
from costinsights.core.actor import ActorKind, current_actor, set_actor
from costinsights.core.audit import record_event

BACKEND: Final = "costinsights.accounts.backends.TenantBackend"
PENDING_KEY: Final = "second_factor_pending"
VOUCHED_KEY: Final = "second_factor_at_provider"
PENDING_FOR: Final = dt.timedelta(minutes=10)


class SignInMethod(StrEnum):
    """What proved who somebody is."""

    PASSWORD = "password"  # noqa: S105  a method's name, no secret
    SINGLE_SIGN_ON = "sso"
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class FirstFactor:
    """How somebody proved who they are, and where they go then: a path of this host."""

    next_path: str
    method: str
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody whose first factor was right and whose second one is still to come."""

    user: User
    first: FirstFactor


def finish_sign_in(
    request: HttpRequest,
    user: User,
    *,
    next_path: str,
    method: str = SignInMethod.PASSWORD,
    provider: str = "",
    second_factor_done: bool = False,
) -> HttpResponse:
    """Off to `next_path`, or first to the page that asks this member for a code.

    `provider` is an identity provider's slug; `second_factor_done` says that it vouches for a second factor of its
    own, which then stands for ours.
    """
    target = next_path if is_own_path(next_path) else "/"
    first = FirstFactor(target, str(method), provider)
    if second_factor_done or not second_factor.has_device(user):
        sign_in(request, user, first, vouched=second_factor_done)
        return HttpResponseRedirect(target)
    if SESSION_KEY in request.session:
        logout(request)
    request.session[PENDING_KEY] = {
        "user": user.pk,
        "stamp": user.get_session_auth_hash(),
        "at": timezone.now().isoformat(),
        "first": asdict(first),
    }
    request.session.cycle_key()
    return redirect("sign-in-code")


def sign_in(
    request: HttpRequest,
    user: User,
    first: FirstFactor,
    *,
    second: str = "",
    vouched: bool = False,
) -> None:
    """Open a session for `user`, under a new key. `second` names the code that was taken."""
    actor = replace(
        current_actor(), kind=ActorKind.MEMBER, identifier=str(user.pk), label=user.email
    )
    set_actor(actor)
    login(request, cast(Any, user), backend=BACKEND)  # typed for the staff model
    request.session.pop(PENDING_KEY, None)
    request.session[VOUCHED_KEY] = vouched
    session = cast(SessionStore, request.session)
    session.note_client(ip=client_ip(request), user_agent=user_agent(request))
    details = {
        "method": first.method,
        "provider": first.provider,
        "second_factor": "provider" if vouched else second,
    }
    record_event(
        "sign_in.succeeded",
        target=user.email,
        details={name: value for name, value in details.items() if value},
    )


def pending(request: HttpRequest, *, at: dt.datetime) -> Pending | None:
    """Who is to give a code in this browser; None when nobody is, it took too long, or the member changed."""
    kept = request.session.get(PENDING_KEY)
    if not kept:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    is_fresh = at - dt.datetime.fromisoformat(kept["at"]) < PENDING_FOR
    if (
        user is None
        or not is_fresh
        or not constant_time_compare(kept["stamp"], user.get_session_auth_hash())
    ):
        del request.session[PENDING_KEY]
        return None
    return Pending(user, FirstFactor(**kept["first"]))


def lacks_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether this session may do nothing but enrol: a second factor is required and there is none.

    A session whose identity provider vouched for one needs none of ours.
    """
    return not request.session.get(VOUCHED_KEY) and second_factor.is_missing(user)
