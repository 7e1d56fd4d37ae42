"""From a request to an answer: status, content type and body, without any HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from costinsights.opencost.layer_rows import Layer
from costinsights.opencost.sample import filtering, grouping, layers
from costinsights.opencost.sample.allocation import Row
from costinsights.opencost.sample.catalogue import CLUSTERS
from costinsights.opencost.sample.day import day_of
from costinsights.opencost.sample.query import (
    AllocationQuery,
    BadRequest,
    ServerError,
    WindowError,
    parse_query,
    parse_window,
)
from costinsights.opencost.sample.render import allocation
from costinsights.opencost.sample.window import rows_between

VERSION = "1.121.0"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
EMPTY_ACCUMULATION = (
    "error accumulating allocations: AllocationSetRange has empty AssetSet in accumulation"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire."""

    status: int
    content_type: str
    body: bytes


def encode(document: object) -> bytes:
    """Compact JSON, as Go writes it."""
    return msgspec.json.encode(document)


def envelope(status: int, data: object, message: str = "") -> Answer:
    """The answer of OpenCost 1.116 and later: the body's code is the HTTP status."""
    document: dict[str, Any] = {"code": status, "data": data}
    if message:
        document["message"] = message
    return Answer(status, JSON, encode(document))


def not_found() -> Answer:
    """A route that does not exist or is switched off."""
    return Answer(404, TEXT, b"404 page not found\n")


def prometheus_config() -> Answer:
    """Only an OpenCost with a Prometheus behind it has this route."""
    return envelope(200, {"address": "http://prometheus-server.monitoring.svc"})


@dataclass(frozen=True, slots=True)
class DemoCluster:
    """One cluster's OpenCost."""

    id: str
    seed: int = 1
    unknown_balancers: bool = False  # some load balancer's price reads null

    def answer(self, path: str, parameters: Mapping[str, str], *, now: datetime) -> Answer:
        """The answer to GET path?parameters at `now`."""
        match path:
            case "/healthz":
                return Answer(200, TEXT, b"")
            case "/installInfo":
                return self.install_info(now)
            case "/clusterInfo":
                return self.cluster_info()
            case "/prometheusConfig":
                return prometheus_config()
            case "/allocation" | "/allocation/compute":
                return self.allocations(parameters, now=now)
            case "/assets":
                return self.layer(Layer.ASSETS, parameters, now=now)
            case "/cloudCost":
                return self.layer(Layer.CLOUD, parameters, now=now)
            case "/customCost/total":
                return self.layer(Layer.CUSTOM, parameters, now=now)
        return not_found()

    def install_info(self, now: datetime) -> Answer:
        """Has no envelope; the counts are texts."""
        day = day_of(self.id, self.seed, int(now.timestamp()) // 86400)
        running = [pod for pod in day.pods if pod.first <= now.hour < pod.last]
        document = {
            "containers": [],
            "clusterInfo": {
                "nodeCount": str(len({pod.node.name for pod in running})),
                "podCount": str(len(running)),
            },
            "version": VERSION,
        }
        return Answer(200, JSON, encode(document))

    def cluster_info(self) -> Answer:
        """Who this cluster is."""
        cluster = CLUSTERS[self.id]
        return envelope(
            200,
            {
                "id": cluster.id,
                "name": cluster.id,
                "provider": cluster.provider,
                "project": cluster.account if cluster.provider == "GCP" else "",
                "account": cluster.account if cluster.provider == "AWS" else "",
                "region": cluster.region,
                "provisioner": {"AWS": "EKS", "GCP": "GKE"}.get(cluster.provider, "k3s"),
                "clusterProfile": "production",
                "version": cluster.kubernetes_version,
                "logCollection": "false",
                "errorReporting": "false",
                "productAnalytics": "false",
                "valuesReporting": "false",
                "remoteReadEnabled": "false",
                "thanosEnabled": "false",
            },
        )

    def allocations(self, parameters: Mapping[str, str], *, now: datetime) -> Answer:
        """The allocations of a window, or OpenCost's own kind of error."""
        try:
            sets = self.allocation_sets(parse_query(parameters, now=now), now=now)
        except WindowError as error:
            broken = encode(
                {"code": 500, "data": None, "message": "illegal window: [nil, nil)"}
            ).decode()
            text = f"Invalid 'window' parameter: {error}\n{broken}"
            return Answer(400, TEXT, text.encode())
        except BadRequest as error:
            return envelope(400, None, str(error))
        except (ServerError, filtering.FilterError) as error:
            text = str(error)
            if isinstance(error, filtering.FilterError):
                text = f"invalid filter: {text}"
            return envelope(500, None, text)
        data = [{key: allocation(row) for key, row in rows.items()} for rows in sets]
        return envelope(200, data)

    def layer(self, layer: Layer, parameters: Mapping[str, str], *, now: datetime) -> Answer:
        """The costs beside allocations; errors are plain text, as OpenCost's are. Not every cluster has all."""
        try:
            window = parse_window(parameters.get("window", ""), now=now)
        except WindowError as error:
            return Answer(400, TEXT, f"Invalid 'window' parameter: {error}\n".encode())
        if layer is Layer.ASSETS:
            return envelope(200, layers.assets(self.id, self.seed, window, now=now))
        told = layers.cloud_costs if layer is Layer.CLOUD else layers.custom_costs
        data = told(self.id, window, now=now)
        return not_found() if data is None else envelope(200, data)

    def allocation_sets(self, query: AllocationQuery, *, now: datetime) -> list[dict[str, Row]]:
        """One set of rows per window, after filter, aggregation and accumulation."""
        test = filtering.parse(query.filter)
        sets = []
        for window in query.sets():
            rows = rows_between(
                self.id, self.seed, window.start, window.end, now=now, idle=query.include_idle
            )
            self._lose_balancers(rows)
            if query.share_idle:
                rows = grouping.with_idle_shared(rows)
            kept = [row for row in rows if test(row)]
            if query.filter and not kept:
                continue  # a set that the filter empties is left out of the answer
            sets.append(
                grouping.aggregated(kept, query.aggregate, keep_metadata=query.keep_metadata)
            )
        if query.accumulate != "all":
            return sets
        total = grouping.accumulated(sets, keep_metadata=query.keep_metadata)
        if not total:
            raise ServerError(EMPTY_ACCUMULATION)
        return [total]

    def _lose_balancers(self, rows: list[Row]) -> None:
        if self.unknown_balancers:
            for row in rows:
                if row.properties.is_unmounted and row.properties.services:
                    row.unknown_balancer_cost = True
