"""Sample data: one cluster whose costs are generated in this product, to look around before connecting a real one."""

from datetime import datetime

import structlog
from django.db import IntegrityError, transaction

from costinsights.core.errors import Conflict
from costinsights.core.tenancy import current_tenant
from costinsights.costs.drafts import free_slug
from costinsights.costs.models import Cluster
from costinsights.opencost.sample import SAMPLE_ADDRESS, VERSION

NAME = "Sample cluster"
_log = structlog.get_logger(__name__)


class SampleHasNoConnection(Conflict):
    """What asks for a connection was asked of the sample cluster."""

    code = "sample_has_no_connection"
    title = "Sample data has no connection"

    def __init__(self) -> None:
        super().__init__(
            "The sample cluster's costs are generated here: there is no OpenCost to test or to change. Remove the "
            "sample data and connect a cluster of your own."
        )


def sample_cluster() -> Cluster | None:
    """The workspace's sample cluster, if its data are loaded."""
    return Cluster.objects.filter(is_demo=True).first()


def load_sample_data(*, now: datetime) -> Cluster:
    """Make the sample cluster. One that is there already stays as it is."""
    known = sample_cluster()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            cluster = Cluster.objects.create(
                name=_free_name(),
                slug=free_slug("sample", set(Cluster.objects.values_list("slug", flat=True))),
                opencost_url=SAMPLE_ADDRESS,
                opencost_version=VERSION,
                # Generated in whatever currency the reports are in: nothing is converted.
                currency=current_tenant().reporting_currency,
                is_demo=True,
                last_ok_at=now,
            )
    except IntegrityError:  # somebody else loaded them at the same moment
        return Cluster.objects.get(is_demo=True)
    _log.info("sample_data_loaded")
    return cluster


def remove_sample_data() -> bool:
    """Forget the sample cluster. False when there is none."""
    removed, _ = Cluster.objects.filter(is_demo=True).delete()
    return bool(removed)


def refuse_sample(cluster: Cluster) -> None:
    """Raises SampleHasNoConnection for the sample cluster."""
    if cluster.is_demo:
        raise SampleHasNoConnection


def _free_name() -> str:
    taken = {name.lower() for name in Cluster.objects.values_list("name", flat=True)}
    names = (NAME, *(f"{NAME} {number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name.lower() not in taken)
