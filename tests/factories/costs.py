"""Clusters, made in whatever tenant the test is in."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from costinsights.costs.models import AuthKind, Cluster


class ClusterFactory(DjangoModelFactory[Cluster]):
    """A cluster in USD at an address nobody answers. `secret="…"` and `client_key="…"` are stored sealed."""

    class Meta:
        model = Cluster

    name = factory.Sequence(lambda number: f"Cluster {number}")
    slug = factory.Sequence(lambda number: f"cluster-{number}")
    opencost_url = factory.Sequence(lambda number: f"http://127.0.0.1:9/{number}")
    currency = "USD"

    @classmethod
    def _create(cls, model_class: type[Cluster], *args: Any, **kwargs: Any) -> Cluster:
        secret, client_key = kwargs.pop("secret", ""), kwargs.pop("client_key", "")
        cluster: Cluster = super()._create(model_class, *args, **kwargs)  # type: ignore[no-untyped-call]  # factory-boy has no types
        if secret:
            if cluster.auth_kind == AuthKind.NONE:
                cluster.auth_kind = AuthKind.BEARER
            cluster.seal_secret(secret)
        if client_key:
            cluster.seal_client_key(client_key)
        if secret or client_key:
            cluster.save()
        return cluster
