"""Fills every table of a tenant with rows that carry the tenant's canary."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db import connection, models
from django.utils import timezone

from costinsights.accounts.models import AuditEntry, AuditHead
from costinsights.core.periods import ChargePeriod
from costinsights.core.tenancy import TenantLike, tenant_context
from costinsights.costs.history import ledger
from costinsights.costs.history.facts import StoredKeys
from costinsights.costs.history.models import Grain
from costinsights.costs.models import (
    CostDay,
    CostHour,
    GroupDay,
    GroupHour,
    IngestState,
    LabelKey,
    LabelSet,
    LayerDay,
    LayerItem,
    LayerRevision,
    LayerSource,
    LayerWindow,
    Node,
    NodeMonth,
    Snapshot,
    SnapshotRevision,
    Workload,
    WorkloadGroup,
)
from costinsights.opencost.layer_rows import Layer
from reporting.statements.document import canonical
from tests.costs.history.books import stored
from tests.costs.layers.books import layer_cost, layer_stored
from tests.costs.rows import cost_row
from tests.reporting.exports.documents import changed, statement

SAME_EMAIL = "owner@same.test"
SAME_PASSWORD = "the-same-password-everywhere"
# One hash for both tenants: the worst case, a member copied with everything.
SAME_HASH = make_password(SAME_PASSWORD, salt="thesamesaltforall")

# Values a field's own rules ask for, where a canary would be refused.
SPECIAL: dict[tuple[str, str], Any] = {
    ("accounts.User", "email"): SAME_EMAIL,
    ("accounts.User", "password"): SAME_HASH,
    ("accounts.User", "role"): "owner",
    ("accounts.ApiToken", "key_id"): lambda canary: canary[-12:].lower(),
    ("accounts.ApiToken", "scopes"): lambda _: ["read", "write"],
    ("accounts.ApiToken", "secret_hash"): lambda _: "0" * 64,
    ("accounts.ApiToken", "expires_at"): lambda _: timezone.now() + timedelta(days=30),
    ("accounts.Invitation", "expires_at"): lambda _: timezone.now() + timedelta(days=7),
    ("accounts.IdentityProvider", "slug"): lambda canary: canary.lower(),
    ("accounts.IdentityProvider", "issuer"): lambda canary: f"http://127.0.0.1:1/{canary}",
    ("costs.Cluster", "currency"): lambda _: "USD",
    ("costs.Cluster", "slug"): lambda canary: canary.lower(),
    ("costs.Cluster", "opencost_url"): lambda canary: f"http://127.0.0.1:1/{canary}",
    ("costs.Cluster", "scope_filter"): lambda _: "",
    ("costs.Cluster", "ca_bundle"): lambda _: "",
    ("costs.Cluster", "auth_kind"): "bearer",
    ("costs.SavedView", "slug"): lambda canary: canary.lower(),
    ("costs.SavedView", "is_shared"): lambda _: True,
    ("costs.Annotation", "first_day"): lambda _: date(2026, 1, 1),
    ("costs.Annotation", "last_day"): lambda _: date(2026, 1, 2),
    ("costs.Annotation", "filter_text"): lambda _: "",
    ("costs.Budget", "currency"): "USD",
    ("costs.Budget", "amount"): 1_000_000,
    ("costs.Budget", "idle"): "separate",
    ("costs.Budget", "clusters"): lambda _: [],
    ("costs.Budget", "filter_text"): lambda _: "",
    ("costs.Budget", "actual_thresholds"): lambda _: [50],
    ("costs.Budget", "forecast_thresholds"): lambda _: [100],
    ("costs.Budget", "valid_from"): lambda _: date(2026, 1, 1),
    ("costs.Budget", "valid_until"): lambda _: date(2026, 12, 31),
    ("costs.BudgetStanding", "fingerprint"): lambda canary: canary[:64],
    ("costs.ExchangeRate", "currency"): "EUR",
    ("costs.ExchangeRate", "to_currency"): "USD",
    ("costs.ExchangeRate", "valid_from"): lambda _: date(2026, 1, 1),
    ("costs.ExchangeRate", "rate"): lambda _: Decimal("1.0855"),
    ("reporting.Period", "month"): lambda _: date(2026, 1, 1),
    ("reporting.RateCardVersion", "valid_from"): lambda _: date(2026, 1, 1),
    ("reporting.RateCardLine", "percent"): lambda _: Decimal("2.5"),
    ("reporting.Statement", "bucket"): "center",
    ("reporting.Statement", "document"): lambda canary: _document_of(canary),
    # A closed month takes no further statement.
    ("reporting.Statement", "revision"): 0,
}


def _document_of(canary: str) -> str:
    """A statement's document, as its page reads it."""
    document, _ = statement(1, count=2)
    return canonical(changed(document, "header", tenant_name=canary)).decode()


# Written by the writer of windows, which keeps its books in step.
HISTORY: tuple[type[models.Model], ...] = (
    Snapshot,
    SnapshotRevision,
    IngestState,
    WorkloadGroup,
    Workload,
    Node,
    LabelSet,
    LabelKey,
    CostDay,
    CostHour,
    GroupDay,
    GroupHour,
    NodeMonth,
    LayerSource,
    LayerWindow,
    LayerRevision,
    LayerItem,
    LayerDay,
)

# Nobody's to save: the rows of the other tables have left their entries there.
WRITTEN_BY_THE_DATABASE = {"accounts.AuditEntry", "accounts.AuditHead"}


def canary_of(tenant: TenantLike) -> str:
    """A text found in every row of the tenant and in no other place."""
    return f"CANARY-{tenant.slug}-{uuid.uuid5(uuid.NAMESPACE_DNS, tenant.schema_name).hex[:12]}"


def tenant_models() -> list[type[models.Model]]:
    """Every model with a table in a tenant's schema, those that others point to first."""
    from django.conf import settings

    found = [
        model
        for config in apps.get_app_configs()
        if config.name in settings.TENANT_APPS
        for model in config.get_models()
    ]
    ordered: list[type[models.Model]] = []
    while found:
        ready = [
            model
            for model in found
            if all(
                field.related_model in ordered or field.related_model in (model, "self")
                for field in model._meta.fields
                if field.is_relation
            )
        ]
        ordered += ready
        found = [model for model in found if model not in ready]
    return ordered


def seed(tenant: TenantLike) -> dict[str, models.Model]:
    """One row in every table, by model label. Fails for a model whose rules it does not know."""
    canary = canary_of(tenant)
    with tenant_context(tenant):
        rows: dict[str, models.Model] = {}
        for model in tenant_models():
            if model._meta.label in WRITTEN_BY_THE_DATABASE or model in HISTORY:
                continue
            row = model(**_values(model, canary, rows))
            row.save()
            rows[model._meta.label] = row
        center: Any = rows["reporting.CostCenter"]
        center.readers.add(rows["accounts.User"])
        cluster: Any = rows["costs.Cluster"]
        rows |= seed_history(cluster, canary)
        cluster.seal_secret(canary)
        cluster.seal_client_key(canary)
        cluster.save()
        seal_audit_log()
        for model in (AuditEntry, AuditHead):
            rows[model._meta.label] = model.objects.latest("pk")
        return rows


def seed_history(cluster: Any, canary: str) -> dict[str, models.Model]:
    """Yesterday and its first hour, through the product's own writer; the day restated once."""
    yesterday = ChargePeriod.day_of(timezone.now() - timedelta(days=1))
    keys = StoredKeys(labels=frozenset({"team"}))
    row = cost_row(
        node=f"node-{canary}",
        namespace=f"namespace-{canary}",
        controller=f"workload-{canary}",
        labels={"team": f"team-{canary}"},
        cpu_cost=5,
        minutes=1440.0,
    )
    stored(cluster, yesterday.start, [row, row], keys=keys)
    stored(cluster, yesterday.start, [row], keys=keys)
    stored(cluster, yesterday.start, [row], grain=Grain.HOUR, keys=keys)
    ledger.ingest_state(cluster, now=timezone.now())
    LabelKey.objects.create(
        name="team",
        is_stored=True,
        first_seen_on=yesterday.start.date(),
        last_seen_on=yesterday.start.date(),
    )
    LayerSource.objects.create(cluster=cluster, layer=Layer.CLOUD, message=canary)
    for total in (4, 5):
        bill = layer_cost(Layer.CLOUD, total, account=canary, labels={"team": canary})
        layer_stored(cluster, yesterday.start.date(), [bill])
    return {model._meta.label: model._default_manager.all()[0] for model in HISTORY}


def seal_audit_log() -> None:
    """Give the entries of this transaction their place in the chain, as its commit would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def _values(
    model: type[models.Model], canary: str, rows: dict[str, models.Model]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in model._meta.fields:
        special = SPECIAL.get((model._meta.label, field.name))
        if special is not None:
            values[field.name] = special(canary) if callable(special) else special
        elif not field.primary_key or isinstance(field, models.CharField | models.OneToOneField):
            value = _value(field, canary, rows)
            if value is not None:
                values[field.name] = value
    return values


def _value(field: models.Field[Any, Any], canary: str, rows: dict[str, models.Model]) -> Any:
    """A legal value: the canary wherever text fits."""
    if isinstance(field, models.ForeignKey | models.OneToOneField):
        related: Any = field.related_model
        return rows.get(related._meta.label)
    if field.name.startswith("sealed_"):
        return None  # sealed below, when the row has its key
    if field.choices:
        return field.get_default() or field.choices[0][0]
    if isinstance(field, models.CharField | models.TextField):
        return canary[: field.max_length] if field.max_length else canary
    if field.has_default() or field.null:
        return None
    if isinstance(field, models.GenericIPAddressField):
        return "192.0.2.1"
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.JSONField):
        return {"canary": canary}
    if isinstance(field, models.IntegerField):
        return 1
    raise TypeError(f"{field}: tell tests/isolation/seeding.py a legal value")
