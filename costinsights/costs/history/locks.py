"""One writer of a cluster's stored costs at a time."""

from costinsights.costs.models import Cluster


def lock_cluster(cluster_id: int) -> bool:
    """Keep other writers of the cluster waiting until the transaction ends; False when it was removed."""
    return Cluster.objects.select_for_update(no_key=True).filter(pk=cluster_id).exists()
