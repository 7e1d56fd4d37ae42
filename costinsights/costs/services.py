"""Connecting, changing, testing and removing clusters.

Testing talks to the network and therefore stands before, and outside of, every transaction: first `probe_draft`,
then, with its result, `connect_cluster` or `update_cluster`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from costinsights.core.errors import ApplicationError, Conflict, InvalidInput
from costinsights.core.http import OutboundError
from costinsights.core.tenancy import current_tenant
from costinsights.costs.access import endpoint_of, outbound_policy
from costinsights.costs.drafts import (
    ConnectionDraft,
    checked_currency,
    checked_name,
    checked_slug,
    free_slug,
)
from costinsights.costs.history import ledger
from costinsights.costs.history.retention import forget_cluster
from costinsights.costs.models import Cluster
from costinsights.costs.samples import refuse_sample
from costinsights.opencost.connect import ProbeResult, Step, StepName, StepState, probe
from costinsights.opencost.errors import OpenCostError
from costinsights.opencost.filters import parse_filter
from tenants.limits import LimitKind, require_room, retention_days_of

_log = structlog.get_logger(__name__)


class ConnectionTestFailed(ApplicationError):
    """OpenCost did not pass the test; the steps say where it ended and what to do."""

    code = "connection_test_failed"
    status = 422
    title = "OpenCost did not pass the connection test"

    def __init__(self, result: ProbeResult) -> None:
        failure = result.failure
        super().__init__(
            failure.text if failure is not None else "The connection test failed.",
            steps=[step_document(step) for step in result.steps],
            **({"suggested_url": result.suggested_url} if result.suggested_url else {}),
        )
        self.result = result


def step_document(step: Step) -> dict[str, str]:
    """A step of a test as the API and the session carry it."""
    return {
        "name": step.name.value,
        "state": step.state.value,
        "text": step.text,
        "reason": step.reason,
    }


def probe_draft(
    draft: ConnectionDraft, *, now: datetime, stored: Cluster | None = None
) -> ProbeResult:
    """Test a connection that `ConnectionDraft.checked` has passed. Changes nothing.

    Never raises for what the other side does: the result's steps say it. `stored` is the cluster being edited,
    whose secret and key the draft may keep.
    """
    scope = parse_filter(draft.scope_filter) if draft.scope_filter else None
    others = Cluster.objects.exclude(pk=stored.pk) if stored is not None else Cluster.objects.all()
    known = set(
        others.exclude(opencost_cluster_id="").values_list("opencost_cluster_id", flat=True)
    )

    try:
        endpoint = endpoint_of(draft, stored=stored)
    except (OutboundError, OpenCostError) as error:
        return _refused(error.message, error.reason)
    return probe(endpoint, outbound_policy(), now=now, known_cluster_ids=known, scope=scope)


def _refused(message: str, reason: str) -> ProbeResult:
    """The result for an address that was refused before anything was asked."""
    skipped = "Not tested, because an earlier step failed."
    steps = [
        Step(name, StepState.SKIPPED, skipped)
        if name is not StepName.DNS
        else Step(name, StepState.FAILED, message, reason)
        for name in StepName
    ]
    return ProbeResult(steps=tuple(steps))


def suggested_name(result: ProbeResult) -> str:
    """What a person will probably call this cluster: what it calls itself, where that says anything."""
    for name in (result.cluster_name, *result.cluster_ids[:1]):
        if name and name not in {"default-cluster", "cluster-one"}:
            return name[:80]
    return ""


def require_room_for_cluster() -> None:
    """Raises LimitReached when the plan includes no further cluster: to be told before a test, not after it."""
    require_room(LimitKind.CLUSTERS, Cluster.objects.real().count())


def connect_cluster(
    *,
    name: str,
    currency: str,
    draft: ConnectionDraft,
    result: ProbeResult,
    now: datetime,
    slug: str = "",
) -> Cluster:
    """Save a tested connection. `currency` is what a person confirmed: OpenCost does not tell it.

    Raises ConnectionTestFailed when the test did not pass, InvalidInput or Conflict for name and slug,
    LimitReached when the plan includes no further cluster.
    """
    if not result.ok:
        raise ConnectionTestFailed(result)
    name, currency = checked_name(name), checked_currency(currency)
    with _one_of_a_name(), transaction.atomic():
        require_room(LimitKind.CLUSTERS, Cluster.objects.real().count)
        taken = set(Cluster.objects.values_list("slug", flat=True))
        _refuse_taken_name(name)
        chosen = checked_slug(slug) if slug else free_slug(name, taken)
        cluster = Cluster.objects.create(
            name=name,
            slug=chosen,
            currency=currency,
            last_ok_at=now,
            **_connection_fields(draft),
            **_identity_fields(result),
        )
        if draft.secret or draft.client_key:
            cluster.seal_secret(draft.secret or "")
            cluster.seal_client_key(draft.client_key or "")
            cluster.save(update_fields=["sealed_secret", "sealed_client_key"])
        days = retention_days_of(current_tenant(), now)
        ledger.start_backfill(cluster, now=now, days=days)
    _log.info("cluster_connected", cluster=cluster.slug, version=cluster.opencost_version)
    return cluster


def update_cluster(
    *,
    cluster: Cluster,
    name: str,
    currency: str,
    draft: ConnectionDraft,
    result: ProbeResult | None,
    now: datetime,
) -> Cluster:
    """Change a cluster. `result` is the test of the new connection; None where the connection stays.

    What was cached under the old connection is never shown for the new one. Raises ConnectionTestFailed,
    SampleHasNoConnection, InvalidInput, Conflict.
    """
    refuse_sample(cluster)
    if result is not None and not result.ok:
        raise ConnectionTestFailed(result)
    name, currency = checked_name(name), checked_currency(currency)
    with _one_of_a_name(), transaction.atomic():
        cluster = Cluster.objects.select_for_update().get(pk=cluster.pk)
        _refuse_taken_name(name, but=cluster.pk)
        _refuse_renaming_money(cluster, currency)
        cluster.name, cluster.currency = name, currency
        if result is not None:
            for field, value in {**_connection_fields(draft), **_identity_fields(result)}.items():
                setattr(cluster, field, value)
            if draft.secret is not None:
                cluster.seal_secret(draft.secret)
            if draft.client_key is not None:
                cluster.seal_client_key(draft.client_key)
            cluster.last_ok_at, cluster.last_error_at = now, None
            cluster.last_error_code = cluster.last_error_message = ""
        cluster.save()
    _log.info("cluster_updated", cluster=cluster.slug, reconnected=result is not None)
    return cluster


def _refuse_renaming_money(cluster: Cluster, currency: str) -> None:
    """Stored amounts are in the currency they were read in; another name would not convert them."""
    if currency == cluster.currency:
        return
    if cluster.snapshots.filter(revision__gt=0).exists():
        raise InvalidInput(
            f"The stored history of this cluster is in {cluster.currency}, and would be read as {currency}. "
            "To change the currency, remove the cluster and connect it again.",
            field="currency",
            value=currency,
        )


def connection_changes(cluster: Cluster, draft: ConnectionDraft) -> bool:
    """Whether a checked draft differs from how the cluster is reached now, a new secret or key included."""
    stored = _connection_fields(ConnectionDraft.of(cluster))
    return bool(draft.secret or draft.client_key) or _connection_fields(draft) != stored


def test_cluster(cluster: Cluster, *, now: datetime) -> ProbeResult:
    """Test a stored cluster again and remember how it went. Raises SampleHasNoConnection."""
    refuse_sample(cluster)
    try:
        result = probe_draft(ConnectionDraft.of(cluster), now=now, stored=cluster)
    except ApplicationError as error:  # the stored secret does not open
        cluster.note_error(now, code=error.code, message=error.message)
        return _refused(error.message, error.code)
    failure = result.failure
    if failure is not None:
        cluster.note_error(now, code=failure.reason or "test_failed", message=failure.text)
    else:
        cluster.note_ok(now)
        Cluster.objects.filter(pk=cluster.pk).update(**_identity_fields(result))
    return result


def remove_cluster(cluster: Cluster) -> None:
    """Forget a cluster with its credentials and everything stored of its costs."""
    slug = cluster.slug
    with transaction.atomic():
        forget_cluster(cluster)
        cluster.delete()
    _log.info("cluster_removed", cluster=slug)


def _connection_fields(draft: ConnectionDraft) -> dict[str, Any]:
    return {
        "opencost_url": draft.opencost_url,
        "auth_kind": draft.auth_kind,
        "auth_username": draft.auth_username,
        "auth_header_name": draft.auth_header_name,
        "ca_bundle": draft.ca_bundle,
        "client_certificate": draft.client_certificate,
        "scope_filter": draft.scope_filter,
    }


def _identity_fields(result: ProbeResult) -> dict[str, Any]:
    ids = result.cluster_ids
    return {
        "opencost_version": result.version[:64],
        "opencost_cluster_id": ids[0][:253] if len(ids) == 1 else "",
        "without_idle": result.without_idle,
    }


def _refuse_taken_name(name: str, *, but: int | None = None) -> None:
    same = Cluster.objects.filter(name__iexact=name)
    if (same if but is None else same.exclude(pk=but)).exists():
        raise InvalidInput(
            f"Another cluster is called “{name}”. Give this one a name of its own.",
            field="name",
            value=name,
        )


@contextmanager
def _one_of_a_name() -> Iterator[None]:
    """Turns the loser of a race for a name or slug into a Conflict."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict("Another cluster has this name or slug. Choose another one.") from error
