"""The session engine (`SESSION_ENGINE`): each host keeps its sessions where its people are.

On a tenant's host that is `TenantSession` in the tenant's schema, so a cookie of one tenant names
nothing in another. On the platform's own host it is `tenants.StaffSession` in public.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from costinsights.accounts.clients import device_words
from costinsights.accounts.models import TenantSession, User, schema_name
from costinsights.core.audit import record_event
from costinsights.core.errors import NotFound
from costinsights.core.tenancy import on_public_schema

CLIENT_KEY = "_client"  # {"ip": …, "user_agent": …, "since": RFC 3339}, written by note_client
LAST_SEEN_RESOLUTION: Final = dt.timedelta(minutes=1)


class SessionOfAnotherTenant(SuspiciousOperation):
    """A session object was carried from one tenant into another."""


class SessionStore(DatabaseSessionStore):
    """A session of whoever the connection spoke for when this object was made, and of nobody else."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._schema_name = schema_name()

    @classmethod
    def get_model_class(cls) -> type[AbstractBaseSession]:
        name = "tenants.StaffSession" if on_public_schema() else "accounts.TenantSession"
        return apps.get_model(name)

    @property
    def model(self) -> type[AbstractBaseSession]:
        if schema_name() != self._schema_name:
            raise SessionOfAnotherTenant("A session was used outside the tenant it belongs to.")
        return self.get_model_class()

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        """The stored session; None when it is unknown, too old, or was left alone for too long."""
        row = super()._get_session_from_db()  # type: ignore[misc]  # the stubs leave it out
        if not isinstance(row, TenantSession):
            return row  # type: ignore[no-any-return]  # same
        now = timezone.now()
        if is_over(row, at=now):
            self._session_key = None
            return None
        note_seen(row, at=now)
        return row

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        client = data.get(CLIENT_KEY) or {}
        if isinstance(row, TenantSession):
            row.user_id = data.get(SESSION_KEY)
            row.ip_address = client.get("ip")
            row.user_agent = client.get("user_agent", "")
            row.last_seen_at = timezone.now()
            if "since" in client:
                row.created_at = dt.datetime.fromisoformat(client["since"])
                # Saving a session never makes it live longer than it may.
                row.expire_date = min(row.expire_date, row.created_at + _longest())
        return row

    def note_client(self, *, ip: str | None, user_agent: str) -> None:
        """Remember where this session was opened, for the member's list of sessions."""
        self[CLIENT_KEY] = {
            "ip": ip,
            "user_agent": user_agent[:255],
            "since": timezone.now().isoformat(),
        }


@dataclass(frozen=True, slots=True)
class SignedInBrowser:
    """A session as its member may see it: never its key, which opens it."""

    session_id: str
    device: str
    ip_address: str | None
    signed_in_at: dt.datetime
    last_seen_at: dt.datetime | None
    is_current: bool


def is_over(session: TenantSession, *, at: dt.datetime) -> bool:
    """Whether a member's session has lived too long, or has been left alone for too long."""
    if session.user_id is None:
        return False  # nobody signed in: its expiry date is enough
    seen = session.last_seen_at or session.created_at
    idle = dt.timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    return at - session.created_at >= _longest() or at - seen >= idle


def note_seen(session: TenantSession, *, at: dt.datetime) -> None:
    """Remember that the session is in use, at most once a minute; a row somebody else writes is left alone."""
    if session.user_id is None:
        return
    due = at - LAST_SEEN_RESOLUTION
    if session.last_seen_at is not None and session.last_seen_at > due:
        return
    with transaction.atomic():
        stale = Q(last_seen_at__isnull=True) | Q(last_seen_at__lte=due)
        rows = TenantSession.objects.select_for_update(skip_locked=True).filter(stale)
        for row in rows.filter(pk=session.pk):
            row.last_seen_at = at
            row.save(update_fields=["last_seen_at"])


def session_id_of(session_key: str) -> str:
    """A name for a session that may be shown: it does not open it, and means nothing in another tenant."""
    return hashlib.sha256(f"{schema_name()}:{session_key}".encode()).hexdigest()[:24]


def browsers_of(user: User, *, current: str | None, at: dt.datetime) -> list[SignedInBrowser]:
    """The browsers this member is signed in with, this one first, then the last used."""
    rows = TenantSession.objects.filter(user=user, expire_date__gt=at)
    found = [
        SignedInBrowser(
            session_id=session_id_of(row.session_key),
            device=device_words(row.user_agent),
            ip_address=row.ip_address,
            signed_in_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_current=row.session_key == current,
        )
        for row in rows
        if not is_over(row, at=at)
    ]
    found.sort(key=lambda one: one.last_seen_at or one.signed_in_at, reverse=True)
    return sorted(found, key=lambda one: not one.is_current)


def revoke(*, user: User, session_id: str) -> None:
    """Sign this member out in one browser, with its next request. Raises NotFound."""
    for row in TenantSession.objects.filter(user=user):
        if session_id_of(row.session_key) == session_id:
            row.delete()
            record_event("session.revoked", target=user.email, details={"session": session_id})
            return
    raise NotFound("You have no such session.")


def revoke_others(*, user: User, current: str | None) -> int:
    """Sign this member out everywhere but here. Returns how many browsers that were."""
    ended, _ = TenantSession.objects.filter(user=user).exclude(session_key=current).delete()
    if ended:
        record_event("session.revoked", target=user.email, details={"sessions": ended})
    return ended


def _longest() -> dt.timedelta:
    return dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
