"""Clusters, made in whatever tenant the test is in."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from costinsights.costs.models import AuthKind, Cluster


class ClusterFactory(DjangoModelFactory[Cluster]):
    """A cluster in USD at an address nobody answers. `ClusterFactory(secret="…")` stores it sealed."""

    class Meta:
        model = Cluster
        skip_postgeneration_save = True

    name = factory.Sequence(lambda number: f"Cluster {number}")
    slug = factory.Sequence(lambda number: f"cluster-{number}")
    opencost_url = factory.Sequence(lambda number: f"http://127.0.0.1:9/{number}")
    currency = "USD"

    @factory.post_generation
    def secret(self: Cluster, create: bool, extracted: str | None, **_: Any) -> None:  # type: ignore[misc]  # factory passes the made object as self
        if extracted:
            self.auth_kind = AuthKind.BEARER if self.auth_kind == AuthKind.NONE else self.auth_kind
            self.seal_secret(extracted)
            self.save()
