"""The demo read by the product's own client: what it shows must decode without a complaint."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network

import pytest

from costinsights.core.http import OutboundPolicy
from costinsights.core.periods import ChargePeriod
from costinsights.local.demo_opencost import (
    CLUSTERS,
    DEMO_TOKEN,
    DemoServer,
    Fault,
    OpenCostServer,
)
from costinsights.local.replay import Recording
from costinsights.opencost.client import AuthKind, Endpoint, OpenCostClient
from costinsights.opencost.connect import probe
from costinsights.opencost.errors import (
    NotOpenCost,
    OpenCostAnswerInvalid,
    OpenCostError,
    OpenCostRefusedCredentials,
    OpenCostTimedOut,
)
from costinsights.opencost.filters import parse_filter
from costinsights.opencost.rows import AllocatedCost, RowFlag, RowKind
from costinsights.opencost.sample.filtering import parse
from costinsights.opencost.sample.window import rows_between
from tests.demo_opencost.asking import NOW, SAMPLES

POLICY = OutboundPolicy(allowed_networks=(ip_network("127.0.0.0/8"),), deadline_seconds=60)
HURRIED = OutboundPolicy(allowed_networks=(ip_network("127.0.0.0/8"),), deadline_seconds=0.3)
DAY = ChargePeriod.parse("2026-10-26T00:00:00Z", "2026-10-27T00:00:00Z")


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(now=lambda: NOW) as demo:
        yield demo


@pytest.fixture
def demo(server: DemoServer) -> Iterator[DemoServer]:
    yield server
    server.fault = Fault.NONE


def client(
    demo: DemoServer, cluster: str = "initech-1", policy: OutboundPolicy = POLICY
) -> OpenCostClient:
    endpoint = Endpoint(demo.url(cluster))
    return OpenCostClient(endpoint, endpoint.session(policy), attempts=1)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_day_decodes_without_unknown_or_flagged_rows(demo: DemoServer, cluster: str) -> None:
    answer = client(demo, cluster).allocations(DAY)

    assert answer.envelope == "new"
    assert {row.cluster for row in answer.rows} == {cluster}
    assert {row.kind for row in answer.rows} == set(RowKind)
    assert [row for row in answer.rows if row.unknown or row.flags] == []


def test_the_clusters_introduce_themselves(demo: DemoServer) -> None:
    found = client(demo, "globex-main").cluster_info()

    assert found is not None
    assert (found.id, found.provider) == ("globex-main", "GCP")
    assert client(demo).install_info().version == "1.121.0"


def test_connecting_finds_nothing_wrong(demo: DemoServer) -> None:
    result = probe(Endpoint(demo.url("prod-eu-1")), POLICY, now=NOW)

    assert result.ok, result


def test_a_day_without_data_is_empty_and_no_error(demo: DemoServer) -> None:
    before = ChargePeriod(DAY.start - timedelta(days=900), DAY.end - timedelta(days=900))

    assert client(demo).allocations(before).rows == []


@pytest.mark.parametrize(
    "text",
    [
        'namespace:"vault","loyalty"',
        'namespace<~:"ml-"|controllerKind:"daemonset"',
        'label[team]!:"payments"+node~:"10-2"',
        'label:"cost_centre"',
        'label[cost-centre]:"CC-1010"',
        'services~:"payments-api"',
        'services<~:"payments"',
        'services:"__unallocated__"',
        'label~:"cost-centre"',
        'label<~:"nvidia"',
        'container!~>:"proxy"+(pod~:"api"|pod~:"web")',
        'controllerKind:"__unallocated__"',
        'annotation[prometheus_io_scrape]:"true"',
        'provider<~:"i-0"',
        'namespace:"__unmounted__"',
        'label[team]~:"a"+controllerName!:"ledger"',
    ],
)
def test_demo_and_product_agree_on_what_a_filter_lets_through(demo: DemoServer, text: str) -> None:
    def place(row: AllocatedCost) -> tuple[str, ...]:
        return (row.node, row.namespace, row.pod, row.container)

    whole = client(demo, "prod-eu-1").allocations(DAY).rows
    asked = client(demo, "prod-eu-1").allocations(DAY, scope=parse_filter(text)).rows
    chosen = parse_filter(text)

    assert {place(row) for row in asked} == {place(row) for row in whole if chosen.matches(row)}
    every = rows_between("prod-eu-1", 1, DAY.start, DAY.end, now=NOW, idle=True)
    assert len(asked) == sum(map(parse(text), every))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.DOWN, OpenCostError),
        (Fault.HTML, NotOpenCost),
        (Fault.UNAUTHORIZED, OpenCostRefusedCredentials),
        (Fault.HTTP200_CODE500, OpenCostError),
        (Fault.NAN_TOTALS, OpenCostAnswerInvalid),
        (Fault.CUT_JSON, OpenCostAnswerInvalid),
        (Fault.TRUNCATED, OpenCostError),
        (Fault.REDIRECT, OpenCostError),
    ],
)
def test_each_fault_is_a_named_error(
    demo: DemoServer, fault: Fault, error: type[OpenCostError]
) -> None:
    demo.fault = fault

    with pytest.raises(error):
        client(demo).allocations(DAY)


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.SLOW])
def test_answers_that_do_not_come_end_at_the_deadline(demo: DemoServer, fault: Fault) -> None:
    demo.fault = fault

    with pytest.raises(OpenCostTimedOut):
        client(demo, policy=HURRIED).allocations(DAY)


def test_milder_faults_are_survived(demo: DemoServer) -> None:
    usual = client(demo, "prod-eu-1").allocations(DAY).rows
    demo.fault = Fault.NULL_TOTALS
    unknown = client(demo, "prod-eu-1").allocations(DAY).rows
    demo.fault = Fault.GZIP
    packed = client(demo, "prod-eu-1").allocations(DAY).rows
    demo.fault = Fault.OLD_ENVELOPE
    old = client(demo, "prod-eu-1").allocations(DAY)
    demo.fault = Fault.EMPTY

    assert packed == usual
    assert [row.namespace for row in unknown if row.unknown] == ["__unmounted__"]
    assert (old.envelope, sum(row.total for row in old.rows)) == (
        "old",
        sum(row.total for row in usual),
    )
    assert client(demo, "prod-eu-1").allocations(DAY).rows == []


def test_the_token_lets_the_client_in(demo: DemoServer) -> None:
    demo.fault = Fault.UNAUTHORIZED
    endpoint = Endpoint(demo.url("initech-1"), auth=AuthKind.BEARER, secret=DEMO_TOKEN)

    assert OpenCostClient(endpoint, endpoint.session(POLICY)).allocations(DAY).rows


def test_recordings_replay_through_the_client_with_their_peculiarities() -> None:
    names = ("freepod-opencost_allocation", "kartverket-opencost_response")
    recordings = {name: Recording.load(SAMPLES / f"{name}.json") for name in names}
    days = [ChargePeriod.day_of(NOW - timedelta(days=back)) for back in (2, 3)]

    with OpenCostServer(recordings, now=lambda: NOW) as server:
        endpoints = [Endpoint(server.url(prefix)) for prefix in recordings]
        clients = [OpenCostClient(one, one.session(POLICY)) for one in endpoints]
        rows = [row for one in clients for period in days for row in one.allocations(period).rows]

    assert RowFlag.NEGATIVE_IDLE in {flag for row in rows for flag in row.flags}
    assert ("load_balancer",) in {row.unknown for row in rows}
