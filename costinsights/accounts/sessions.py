"""The session engine (`SESSION_ENGINE`): each host keeps its sessions where its people are.

On a tenant's host that is `TenantSession` in the tenant's schema, so a cookie of one tenant names
nothing in another. On the platform's own host it is `tenants.StaffSession` in public.
"""

import datetime as dt
from typing import Any

from django.apps import apps
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import SuspiciousOperation
from django.utils import timezone

from costinsights.accounts.models import TenantSession, schema_name
from costinsights.core.tenancy import on_public_schema

CLIENT_KEY = "_client"  # {"ip": …, "user_agent": …, "since": RFC 3339}, written by note_client


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

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        client = data.get(CLIENT_KEY) or {}
        if isinstance(row, TenantSession):
            row.user_id = data.get(SESSION_KEY)
            row.ip_address = client.get("ip")
            row.user_agent = client.get("user_agent", "")
            if "since" in client:
                row.created_at = dt.datetime.fromisoformat(client["since"])
        return row

    def note_client(self, *, ip: str | None, user_agent: str) -> None:
        """Remember where this session was opened, for the member's list of sessions."""
        self[CLIENT_KEY] = {
            "ip": ip,
            "user_agent": user_agent[:255],
            "since": timezone.now().isoformat(),
        }
