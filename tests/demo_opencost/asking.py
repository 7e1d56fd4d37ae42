"""Questions to a demo cluster without HTTP, and the recorded answers the rows are held against."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from costinsights.opencost.sample.answers import Answer, DemoCluster

SAMPLES = Path(__file__).parent.parent / "data" / "opencost"
NOW = datetime(2026, 11, 20, 14, 23, 40, tzinfo=UTC)
MONDAY = "2026-10-26T00:00:00Z,2026-10-27T00:00:00Z"
COMPONENTS = ("cpuCost", "ramCost", "gpuCost", "pvCost", "networkCost", "loadBalancerCost")
Rows = dict[str, dict[str, Any]]


def ask_at(now: datetime, cluster: str, seed: int, /, **query: str) -> Answer:
    return DemoCluster(cluster, seed).answer("/allocation/compute", query, now=now)


def ask(cluster: str = "prod-eu-1", /, **query: str) -> Answer:
    return ask_at(NOW, cluster, 1, **query)


def read_sets(answer: Answer) -> list[Rows]:
    assert answer.status == 200, answer.body
    data: list[Rows] = json.loads(answer.body)["data"]
    return data


def sets(cluster: str = "prod-eu-1", /, **query: str) -> list[Rows]:
    return read_sets(ask(cluster, **query))


def rows(cluster: str = "prod-eu-1", /, **query: str) -> Rows:
    (only,) = sets(cluster, **query)
    return only


def rows_at(now: datetime, cluster: str, /, **query: str) -> Rows:
    (only,) = read_sets(ask_at(now, cluster, 1, **query))
    return only


def total(found: Rows, field: str = "totalCost") -> float:
    return sum(float(row[field]) for row in found.values())


def day(text: str) -> str:
    """The window of a UTC day written 2026-11-20."""
    start = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return f"{start:%Y-%m-%dT%H:%M:%SZ},{start + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


def recorded(name: str) -> list[Rows]:
    """The sets of a recorded real answer."""
    data: list[Rows] = json.loads((SAMPLES / name).read_bytes())["data"]
    return data
