"""An OpenCost whose every answer follows from the question: what the store must hold can be said beforehand.

A window's costs depend on the cluster's number, the window's start and length, and the edition, which a test raises
to have OpenCost say something else about the past. Amounts are whole tens of micro-units: the wire's five decimals.
"""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from costinsights.core.periods import ChargePeriod
from costinsights.opencost.sample.answers import Answer, encode, envelope, not_found

Name = tuple[str, str, str, str]  # row kind, namespace, controller, node
Amounts = tuple[int, int, int]  # CPU, RAM and total in micro-units
_NODES = 5
_MICRO = 1_000_000


@dataclass
class Source:
    """One cluster's OpenCost. `asked` counts the requests for each window."""

    number: int
    workloads: int
    edition: int = 1
    asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, parameters: Mapping[str, str], *, now: dt.datetime) -> Answer:
        """The answer to GET path?parameters: the window's rows, whatever the time is."""
        if path not in ("/allocation", "/allocation/compute"):
            return not_found()
        start, _, end = parameters["window"].partition(",")
        period = ChargePeriod.parse(start, end)
        with self._lock:
            self.asked[parameters["window"]] += 1
        return envelope(200, [msgspec.Raw(encode(dict(self._wire_rows(period))))])

    def rows(self, period: ChargePeriod, edition: int | None = None) -> dict[Name, Amounts]:
        """What must be stored of a window, by name."""
        found: dict[Name, Amounts] = {}
        for name, cpu, ram in self._amounts(period, edition or self.edition):
            found[name] = (cpu, ram, cpu + ram)
        return found

    def total(self, period: ChargePeriod, edition: int) -> int:
        """The window's total in micro-units, as some edition had it."""
        return sum(cpu + ram for _, cpu, ram in self._amounts(period, edition))

    def _amounts(self, period: ChargePeriod, edition: int) -> Iterator[tuple[Name, int, int]]:
        hour = int(period.start.timestamp()) // 3600
        seed = hour * 104_729 + self.number * 1_299_709 + edition * 15_485_863 + period.minutes
        for workload in range(self.workloads):
            cpu = (seed + workload * 7_919) % 899_981 * 10
            ram = (seed * 3 + workload * 6_101) % 499_979 * 10
            node = f"node-{(workload + hour) % _NODES}"
            yield ("workload", f"team-{workload % 7}", f"app-{workload}", node), cpu, ram
        yield ("idle", "", "", ""), seed % 99_991 * 10, seed % 49_999 * 10

    def _wire_rows(self, period: ChargePeriod) -> Iterator[tuple[str, dict[str, object]]]:
        start, end = period.start.isoformat(), period.end.isoformat()
        cluster = f"cluster-{self.number}"
        for (kind, namespace, controller, node), cpu, ram in self._amounts(period, self.edition):
            properties: dict[str, object] = {"cluster": cluster}
            name = "__idle__"
            if kind == "workload":
                name = f"{cluster}/{node}/{namespace}/{controller}-0/app"
                properties |= {
                    "node": node,
                    "namespace": namespace,
                    "controllerKind": "deployment",
                    "controller": controller,
                    "pod": f"{controller}-0",
                    "container": "app",
                }
            yield (
                name,
                {
                    "name": name,
                    "properties": properties,
                    "window": {"start": start, "end": end},
                    "start": start,
                    "end": end,
                    "minutes": period.minutes,
                    "cpuCost": cpu / _MICRO,
                    "ramCost": ram / _MICRO,
                    "gpuCost": 0,
                    "pvCost": 0,
                    "networkCost": 0,
                    "loadBalancerCost": 0,
                    "sharedCost": 0,
                    "externalCost": 0,
                    "totalCost": (cpu + ram) / _MICRO,
                    "cpuCoreHours": period.minutes / 60,
                    "ramByteHours": 1024.0 * period.minutes,
                    "gpuHours": 0,
                    "pvByteHours": 0,
                },
            )
