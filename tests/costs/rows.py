"""Random allocation rows, as one OpenCost could send them: nulls, negatives, idle, unmounted volumes."""

import datetime as dt
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from costinsights.core.periods import ChargePeriod
from costinsights.costs.current.dimensions import Dimension
from costinsights.costs.current.grouping import ClusterRows
from costinsights.costs.current.query import CurrentCostQuery, IdleMode, SortOrder
from costinsights.costs.read_scope import EVERYTHING
from costinsights.opencost.filters import parse_filter
from costinsights.opencost.schema import AllocatedCost, RowKind

DAY = ChargePeriod(
    dt.datetime(2026, 11, 22, tzinfo=dt.UTC), dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
)
EXAMPLES = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
NAMESPACES = ("shop", "payments", "web", "")
KINDS = ("deployment", "statefulset", "")
CONTROLLERS = ("api", "worker", "")
LABELS: tuple[dict[str, str], ...] = (
    {},
    {"app": "web"},
    {"app": "api", "team": "blue"},
    {"team": ""},
)
FILTERS = (
    "",
    'namespace:"shop"',
    'namespace!:"shop"',
    'controllerKind:"__unallocated__"',
    'label[app]:"web"|namespace:"web"',
    'cluster:"default-cluster"',
)


def cost_row(**values: Any) -> AllocatedCost:
    """A workload of half a day that costs nothing, with what the test cares about changed."""
    defaults: dict[str, Any] = {
        "kind": RowKind.WORKLOAD,
        "cluster": "default-cluster",
        "node": "node-1",
        "namespace": "shop",
        "controller_kind": "deployment",
        "controller": "api",
        "pod": "api-1",
        "container": "app",
        "provider_id": "",
        "services": (),
        "labels": {},
        "annotations": {},
        "window": DAY,
        "start": DAY.start,
        "end": DAY.start + dt.timedelta(hours=12),
        "minutes": 720.0,
        "unknown": (),
        "reported_total": None,
        "cpu_core_hours": 0.0,
        "ram_byte_hours": 0.0,
        "gpu_hours": 0.0,
        "pv_byte_hours": 0.0,
        "cpu_request": None,
        "cpu_usage": None,
        "ram_request": None,
        "ram_usage": None,
    }
    costs = {
        f"{name}_cost": 0
        for name in (
            "cpu",
            "ram",
            "gpu",
            "pv",
            "network",
            "load_balancer",
            "shared",
            "external",
        )
    }
    return AllocatedCost(**{**defaults, **costs, **values})


def idle_row(**values: Any) -> AllocatedCost:
    """The idle row of a cluster: it has a cluster, perhaps a node, and nothing else."""
    bare = {"namespace": "", "controller_kind": "", "controller": "", "pod": "", "container": ""}
    return cost_row(**{"kind": RowKind.IDLE, "node": "", "minutes": 1440.0, **bare, **values})


_amount = st.integers(-5_000_000, 9_000_000_000)
_cost = st.one_of(st.just(0), _amount)
_use = st.one_of(st.none(), st.floats(0, 64, allow_nan=False))


@st.composite
def workloads(draw: st.DrawFn) -> AllocatedCost:
    costs = {
        f"{name}_cost": draw(_cost)
        for name in ("cpu", "ram", "gpu", "pv", "network", "load_balancer", "shared", "external")
    }
    unknown = draw(st.sampled_from([(), ("load_balancer",), ("cpu", "ram")]))
    for name in unknown:
        costs[f"{name}_cost"] = 0
    return cost_row(
        kind=draw(st.sampled_from([RowKind.WORKLOAD, RowKind.WORKLOAD, RowKind.UNMOUNTED])),
        namespace=draw(st.sampled_from(NAMESPACES)),
        controller_kind=draw(st.sampled_from(KINDS)),
        controller=draw(st.sampled_from(CONTROLLERS)),
        pod=draw(st.sampled_from(["a-1", "a-2", "b-1"])),
        node=draw(st.sampled_from(["node-1", "node-2", ""])),
        labels=draw(st.sampled_from(LABELS)),
        unknown=unknown,
        reported_total=draw(st.one_of(st.none(), _amount)),
        cpu_core_hours=draw(st.floats(0, 1e4)),
        cpu_request=draw(_use),
        cpu_usage=draw(_use),
        ram_request=draw(_use),
        ram_usage=draw(_use),
        **costs,
    )


@st.composite
def idles(draw: st.DrawFn) -> AllocatedCost:
    return idle_row(
        cpu_cost=draw(_cost),
        ram_cost=draw(_cost),
        gpu_cost=draw(_cost),
        node=draw(st.sampled_from(["", "node-1"])),
    )


def row_lists(most: int = 12) -> st.SearchStrategy[list[AllocatedCost]]:
    """The rows of one cluster's window, perhaps none."""
    return st.lists(st.one_of(workloads(), workloads(), workloads(), idles()), max_size=most)


@st.composite
def clusters(draw: st.DrawFn) -> list[ClusterRows]:
    """Up to three clusters with the ids that most installations share."""
    return [
        ClusterRows(
            slug=f"cluster-{number}",
            name=f"Cluster {number}",
            rows=draw(
                st.lists(st.one_of(workloads(), workloads(), workloads(), idles()), max_size=25)
            ),
        )
        for number in range(draw(st.integers(1, 3)))
    ]


_dimensions = st.sampled_from(
    [
        *(
            Dimension(name)
            for name in (
                "cluster",
                "namespace",
                "controller_kind",
                "controller",
                "pod",
                "container",
                "node",
            )
        ),
        Dimension("label", "app"),
        Dimension("annotation", "owner"),
    ]
)


@st.composite
def queries(draw: st.DrawFn) -> CurrentCostQuery:
    """Any question: every dimension, way of showing idle, limit, order and filter."""
    text = draw(st.sampled_from(FILTERS))
    aggregate = draw(st.lists(_dimensions, min_size=1, max_size=3, unique_by=str))
    return CurrentCostQuery(
        window="yesterday",
        period=DAY,
        scope=EVERYTHING,
        aggregate=tuple(aggregate),
        filter_text=text,
        filter=parse_filter(text) if text else None,
        idle=draw(st.sampled_from(IdleMode)),
        limit=draw(st.sampled_from([1, 2, 5, 1000])),
        sort=SortOrder(
            draw(st.sampled_from(["total", "name", "cpu", "efficiency"])), draw(st.booleans())
        ),
    )
