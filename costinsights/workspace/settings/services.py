"""Changing what a workspace decided about itself."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Self

from django.db import transaction

from costinsights.accounts.models import Workspace
from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput
from costinsights.core.tenancy import current_tenant
from costinsights.costs.currencies import is_currency
from costinsights.workspace.settings.zones import zone_names
from tenants.identity import Identity, change_identity, lock_identity


class SettingsChanged(Conflict):
    """Somebody saved the settings after the caller had read them."""

    code = "settings_changed"
    title = "The settings changed in the meantime"

    def __init__(self) -> None:
        super().__init__(
            "Somebody changed these settings after you opened them. Look at them again, then save."
        )


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """The settings that people type. The logo has its own service."""

    name: str
    reporting_currency: str
    display_time_zone: str
    fiscal_year_start_month: int

    @classmethod
    def now(cls) -> Self:
        """As they are stored."""
        tenant, workspace = current_tenant(), Workspace.load()
        return cls(
            name=tenant.name,
            reporting_currency=tenant.reporting_currency,
            display_time_zone=workspace.display_time_zone,
            fiscal_year_start_month=workspace.fiscal_year_start_month,
        )

    @property
    def version(self) -> str:
        """Changes when any of them does: what a caller sends back so as not to overwrite others."""
        text = "\x1f".join(str(getattr(self, field.name)) for field in fields(self))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def locked_workspace() -> Workspace:
    """The workspace's row of settings, made if need be, held until the transaction ends."""
    Workspace.objects.get_or_create(pk=1)
    return Workspace.objects.defer("logo").select_for_update().get(pk=1)


@transaction.atomic
def change_settings(
    changes: Mapping[str, object], *, at: datetime, seen_version: str = ""
) -> WorkspaceSettings:
    """Set what `changes` names and leave the rest as it is stored.

    With `seen_version` the change is refused when anything differs from what the caller saw. Raises
    SettingsChanged, and InvalidInput that names the field.
    """
    tenant = current_tenant()
    row = locked_workspace()
    stored = lock_identity(tenant)
    before = WorkspaceSettings(
        name=stored.name,
        reporting_currency=stored.reporting_currency,
        display_time_zone=row.display_time_zone,
        fiscal_year_start_month=row.fiscal_year_start_month,
    )
    if seen_version and seen_version != before.version:
        raise SettingsChanged
    after = _checked(replace(before, **changes))  # type: ignore[arg-type]  # checked in the call
    change_identity(tenant, Identity(after.name, after.reporting_currency))
    row.display_time_zone = after.display_time_zone
    row.fiscal_year_start_month = after.fiscal_year_start_month
    row.settings_saved_at = row.updated_at = at
    row.save(
        update_fields=[
            "display_time_zone",
            "fiscal_year_start_month",
            "settings_saved_at",
            "updated_at",
        ]
    )
    # Name and currency stand in the platform's row, whose changes the workspace's own log does not see.
    changed = [f.name for f in fields(after) if getattr(before, f.name) != getattr(after, f.name)]
    if changed:
        record_event(
            "workspace.changed",
            target=tenant.slug,
            details={
                "before": {name: getattr(before, name) for name in changed},
                "after": {name: getattr(after, name) for name in changed},
            },
        )
    return after


def _checked(wanted: WorkspaceSettings) -> WorkspaceSettings:
    currency = wanted.reporting_currency.strip().upper()
    if not is_currency(currency):
        raise InvalidInput(
            f"“{wanted.reporting_currency[:20]}” is no currency. Use a code of ISO 4217, such as EUR.",
            field="reporting_currency",
            value=wanted.reporting_currency[:20],
        )
    if wanted.display_time_zone not in zone_names():
        raise InvalidInput(
            f"“{wanted.display_time_zone[:64]}” is no time zone. Use a name such as Europe/Berlin, or UTC.",
            field="display_time_zone",
            value=wanted.display_time_zone[:64],
        )
    if wanted.fiscal_year_start_month not in range(1, 13):
        raise InvalidInput(
            "A fiscal year starts in a month from 1 to 12.",
            field="fiscal_year_start_month",
            value=wanted.fiscal_year_start_month,
        )
    name = " ".join(wanted.name.split())
    if not name:
        raise InvalidInput("A workspace has a name.", field="name")
    return replace(wanted, name=name, reporting_currency=currency)
