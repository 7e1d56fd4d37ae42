"""The fake and the real client, asked the same, answer the same: what holds for one holds for both."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest

from costinsights.core.http import OutboundPolicy
from costinsights.core.periods import ChargePeriod
from costinsights.opencost.client import Endpoint, OpenCost, OpenCostClient
from costinsights.opencost.filters import all_of, equals, parse_filter
from costinsights.opencost.rows import ClusterInfo, RowKind
from tests.fakes.opencost import FakeOpenCost
from tests.fakes.opencost_rows import DAY, allocated_cost, idle_cost
from tests.fakes.opencost_server import serving_opencost

HOUR = ChargePeriod(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 1, tzinfo=UTC))
POLICY = OutboundPolicy(allowed_networks=(ip_network("127.0.0.0/8"),), deadline_seconds=20)
ABOUT = ClusterInfo(id="cluster-one", name="Production", provider="GCP")
ROWS = (
    allocated_cost("shop", "1.25", labels={"app": "a+b"}, services=("web",), controller="web"),
    allocated_cost("shop", "0.5", pod="other", controller="web", controller_kind="deployment"),
    allocated_cost("data", "2", unknown=("pv",), reported_total=None, ram_cost=12_340),
    allocated_cost("data", "7", kind=RowKind.UNMOUNTED, pod="x", container="__unmounted__"),
    idle_cost("-3.5", flags=()),
    allocated_cost("shop", "0.1", period=HOUR),
)


def _plain(rows: Any) -> set[tuple[object, ...]]:
    return {
        (row.kind, row.namespace, row.controller, row.pod, row.total, row.unknown, row.window)
        for row in rows
    }


@pytest.fixture(params=["fake", "client"])
def opencost(request: pytest.FixtureRequest) -> Iterator[OpenCost]:
    fake = FakeOpenCost(*ROWS, cluster=ABOUT)
    if request.param == "fake":
        yield fake
        return
    with serving_opencost(fake, prefix="/model") as server:
        endpoint = Endpoint(base_url=f"{server.url}/")
        yield OpenCostClient(endpoint, endpoint.session(POLICY))


def test_it_tells_its_version_and_cluster(opencost: OpenCost) -> None:
    assert opencost.install_info().version == "1.120.1"
    assert opencost.cluster_info() == ABOUT


def test_it_tells_whether_it_reads_a_prometheus(opencost: OpenCost) -> None:
    assert opencost.reads_prometheus() is True


def test_it_tells_that_it_works_without_prometheus() -> None:
    fake = FakeOpenCost(prometheus=False)
    with serving_opencost(fake, prefix="/model") as server:
        endpoint = Endpoint(base_url=server.url)
        client = OpenCostClient(endpoint, endpoint.session(POLICY))
        assert client.reads_prometheus() is fake.reads_prometheus() is False


def test_it_answers_for_exactly_the_period_asked(opencost: OpenCost) -> None:
    assert _plain(opencost.allocations(DAY).rows) == _plain(ROWS[:5])
    assert _plain(opencost.allocations(HOUR).rows) == _plain(ROWS[5:])


def test_a_period_without_data_has_no_rows(opencost: OpenCost) -> None:
    other = ChargePeriod.parse("2025-01-01T00:00Z", "2025-01-02T00:00Z")

    assert opencost.allocations(other).rows == []


def test_a_period_off_the_hour_is_a_mistake_of_the_caller(opencost: OpenCost) -> None:
    with pytest.raises(ValueError, match="full hours"):
        opencost.allocations(ChargePeriod.parse("2026-01-01T00:30Z", "2026-01-01T01:30Z"))


def test_idle_can_be_left_out(opencost: OpenCost) -> None:
    rows = opencost.allocations(DAY, include_idle=False).rows

    assert _plain(rows) == _plain(ROWS[:4])


@pytest.mark.parametrize(
    "text",
    [
        'namespace:"shop"',
        'label[app]:"a+b"',
        'namespace:"data"+container!:"__unmounted__"',
        'namespace:"shop"|cluster:"nope"',
        '(services:"web"|pod~:"th")+namespace:"shop"',
        'namespace:"nothing"',
        'cluster:"ü&=?#%/"',
    ],
)
def test_a_scope_lets_through_what_it_matches(opencost: OpenCost, text: str) -> None:
    scope = all_of(equals("cluster", "cluster-one"), parse_filter(text))
    assert scope is not None

    rows = opencost.allocations(DAY, scope=scope).rows

    assert _plain(rows) == _plain(row for row in ROWS[:5] if scope.matches(row))


@pytest.mark.parametrize(
    "names", [("cluster",), ("namespace",), ("namespace", "controllerKind", "controller")]
)
def test_a_coarser_grain_adds_up_to_the_finer(opencost: OpenCost, names: tuple[str, ...]) -> None:
    rows = opencost.allocations(DAY, aggregate=names).rows

    assert sum(row.total for row in rows) == sum(row.total for row in ROWS[:5])
    assert len(rows) < 5 or len(names) == 3


def test_the_digest_changes_with_the_answer(opencost: OpenCost) -> None:
    day, hour = opencost.allocations(DAY), opencost.allocations(HOUR)

    assert day.body_sha256 == opencost.allocations(DAY).body_sha256
    assert day.body_sha256 != hour.body_sha256
    assert day.body_bytes > hour.body_bytes


def test_both_are_what_the_product_asks_for() -> None:
    questions: list[Callable[..., object]] = [FakeOpenCost.allocations, OpenCostClient.allocations]

    assert len({str(question.__annotations__) for question in questions}) == 1
