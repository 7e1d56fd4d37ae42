"""From a stored cluster to what the OpenCost client needs: endpoint, scope, policy."""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_network

from django.conf import settings

from costinsights.core.crypto import SecretUnreadable
from costinsights.core.errors import ApplicationError
from costinsights.core.http import ClientCertificate, OutboundPolicy
from costinsights.costs.current.fetch import FetchOrder
from costinsights.costs.current.pieces import Piece
from costinsights.costs.drafts import ConnectionDraft
from costinsights.costs.models import Cluster
from costinsights.opencost.client import AuthKind, Endpoint
from costinsights.opencost.filters import Filter, parse_filter
from costinsights.opencost.sample import SampleOpenCost


class StoredSecretUnreadable(ApplicationError):
    """The secret was sealed under a key that is gone. It must be entered again."""

    code = "stored_secret_unreadable"
    status = 502
    title = "The stored credentials cannot be read"


def outbound_policy(*, seconds: float | None = None) -> OutboundPolicy:
    """The operator's rules for requests to addresses that tenants chose; with a shorter deadline if `seconds` is."""
    longest = float(settings.OPENCOST_DEADLINE_SECONDS)
    return OutboundPolicy(
        allowed_networks=tuple(
            ip_network(text, strict=False) for text in settings.OUTBOUND_ALLOWED_NETWORKS
        ),
        deadline_seconds=longest if seconds is None else min(seconds, longest),
        max_body_bytes=settings.OPENCOST_MAX_BODY_BYTES,
    )


def secrets_of(cluster: Cluster) -> tuple[str, str]:
    """The stored secret and client key in clear. Raises StoredSecretUnreadable."""
    try:
        return cluster.secret, cluster.client_key
    except SecretUnreadable as error:
        raise StoredSecretUnreadable(
            "The stored credentials cannot be read any more. Edit the cluster and enter them again."
        ) from error


def endpoint_of(draft: ConnectionDraft, *, stored: Cluster | None = None) -> Endpoint:
    """The endpoint a checked draft describes, with the stored secrets where the draft keeps them."""
    secret, key = draft.secret, draft.client_key
    if secret is None or key is None:
        stored_secret, stored_key = secrets_of(stored) if stored is not None else ("", "")
        secret = stored_secret if secret is None else secret
        key = stored_key if key is None else key
    certificate = draft.client_certificate
    return Endpoint(
        base_url=draft.opencost_url,
        auth=AuthKind(draft.auth_kind.value),
        secret=secret,
        username=draft.auth_username,
        header_name=draft.auth_header_name,
        ca_bundle_pem=draft.ca_bundle or None,
        client_certificate=ClientCertificate(certificate, key) if certificate else None,
    )


def scope_of(cluster: Cluster) -> Filter | None:
    """The mandatory filter; None when the whole OpenCost is the tenant's."""
    return parse_filter(cluster.scope_filter) if cluster.scope_filter else None


def fetch_order(cluster: Cluster, pieces: Sequence[Piece], *, now: datetime) -> FetchOrder:
    """What to ask this cluster's OpenCost. Raises StoredSecretUnreadable, RequestRefused."""
    if cluster.is_demo:
        return FetchOrder(
            source=SampleOpenCost(now), scope=scope_of(cluster), pieces=pieces, include_idle=True
        )
    endpoint = endpoint_of(ConnectionDraft.of(cluster), stored=cluster)
    return FetchOrder(
        source=endpoint,
        scope=scope_of(cluster),
        pieces=pieces,
        include_idle=not cluster.lacks_idle,
    )
