"""A changed row empties what is cached of it once the change is committed, whoever made it.

Signals rather than services: the admin's forms and cascades come by here too. Bulk updates and raw SQL do
not; for them the entries of the cache live for `SWITCH_CACHE_SECONDS` only.
"""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from tenants.models import FeatureOverride, PlanLimits, TenantUsage
from tenants.models.standing import forget_platform, forget_tenant


def _tenants_rows_changed(*, instance: FeatureOverride | TenantUsage, **_: Any) -> None:
    tenant_id = instance.tenant_id
    transaction.on_commit(lambda: forget_tenant(tenant_id))


def _limits_changed(**_: Any) -> None:
    transaction.on_commit(forget_platform)


def connect() -> None:
    """Called when the apps are ready."""
    for signal in (post_save, post_delete):
        for sender in (FeatureOverride, TenantUsage):
            signal.connect(_tenants_rows_changed, sender=sender, dispatch_uid=f"forget {sender}")
        signal.connect(_limits_changed, sender=PlanLimits, dispatch_uid="forget limits")
