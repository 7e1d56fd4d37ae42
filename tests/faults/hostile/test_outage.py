"""H6: OpenCost is down for a day, or a month under PROOF=1, and comes back: nothing is missing and nothing is asked twice."""

import datetime as dt
import itertools
from collections import Counter

import pytest

from costinsights.core.http import ConnectionFailed
from costinsights.core.periods import DAY, HOUR, ChargePeriod
from costinsights.costs.history import ingest, ledger
from costinsights.costs.history.health import failed_windows
from costinsights.costs.history.ingest import ingest_next
from costinsights.costs.history.models import Grain, IngestState, Snapshot
from costinsights.costs.models import Cluster
from costinsights.opencost.errors import OpenCostUnavailable
from costinsights.opencost.rows import AllocationAnswer
from tenants.models import Tenant
from tests.factories.costs import ClusterFactory
from tests.fakes.opencost_rows import allocated_cost
from tests.faults.hostile.scale import scaled
from tests.figures import count

BEGAN = dt.datetime(2026, 11, 2, 12, 20, tzinfo=dt.UTC)
TICK = dt.timedelta(minutes=5)
DAYS = scaled(1, 30)


class Interrupted:
    """An OpenCost that answers until it is down, and again when it is back."""

    def __init__(self) -> None:
        self.is_down = False
        self.asked: list[ChargePeriod] = []

    def allocations(self, period: ChargePeriod, **_: object) -> AllocationAnswer:
        self.asked.append(period)
        if self.is_down:
            refused = ConnectionFailed("Nobody there.", reason="refused")
            raise OpenCostUnavailable(refused.message, reason=refused.reason)
        return AllocationAnswer([allocated_cost(period=period)], "new", "", "", 100)


def tick(cluster: Cluster, now: dt.datetime) -> None:
    """What the workers do every five minutes."""
    ledger.plan(cluster, now=now, retention_days=400)
    while ingest_next(clock=lambda: now) is not None:
        pass


def test_after_an_outage_every_window_is_read_once_and_newest_first(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    opencost, cluster = Interrupted(), ClusterFactory.create()
    monkeypatch.setattr(ingest, "client_for", lambda *_: opencost)
    tick(cluster, BEGAN)
    opencost.is_down, opencost.asked = True, []
    now = BEGAN
    while now < BEGAN + DAYS * DAY:
        now += TICK
        tick(cluster, now)
    missing = failed_windows(cluster)
    waiting = set(Snapshot.objects.filter(revision=0).values_list("grain", "window_start"))
    assert len(waiting) == DAYS * 24 + DAYS
    assert set(missing[Grain.HOUR]) <= {start for grain, start in waiting if grain == Grain.HOUR}
    assert len(opencost.asked) <= DAYS * 24 * 60 * 2  # no more than one in half a minute

    opencost.is_down, opencost.asked = False, []
    while Snapshot.objects.filter(revision=0).exists():
        now += TICK
        tick(cluster, now)
        assert now < BEGAN + DAYS * DAY + 2 * HOUR
    read = Counter(opencost.asked)
    assert set(read.values()) == {1}
    assert {(period.start, period.minutes) for period in read} >= {
        (start, 60 if grain == Grain.HOUR else 1440) for grain, start in waiting
    }
    in_order = [period.start for period in opencost.asked[1:] if period.minutes == 60]
    assert sum(later > earlier for earlier, later in itertools.pairwise(in_order)) <= 1
    assert not Snapshot.objects.filter(due_at__isnull=False).exists()
    assert IngestState.objects.get().failures == 0
    count("windows read after an outage", len(waiting))
