"""Recorded allocation answers, served as if an OpenCost were running.

So that real answers can be seen in the dashboard, a recording answers for whatever window is asked:
the recorded set is moved there. What is changed, and what is not:

- Every row's `window` becomes the window asked for. `start` keeps its distance from the window's
  start and `minutes` its length, both cut where the window or the present ends.
- Costs, hours and bytes stay as they were recorded, whatever length is asked for. A recorded hour
  replayed for a day therefore covers 60 of 1,440 minutes, and says so.
- With several recorded sets, successive windows take successive sets.
- Aggregate, filter, accumulate and idle sharing have no effect: rows come at the grain of the
  recording. `includeIdle=false` leaves the idle row out. The envelope is the recorded one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from costinsights.opencost.sample.allocation import IDLE
from costinsights.opencost.sample.answers import (
    JSON,
    TEXT,
    Answer,
    encode,
    envelope,
    not_found,
    prometheus_config,
)
from costinsights.opencost.sample.query import (
    BadRequest,
    ServerError,
    Window,
    WindowError,
    parse_query,
)
from costinsights.opencost.sample.render import instant, number

Rows = dict[str, dict[str, Any]]


class NotARecording(ValueError):
    """The file holds no allocation answer of OpenCost."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded answer of /allocation."""

    envelope: dict[str, Any]
    sets: list[Rows]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file. Raises NotARecording or OSError."""
        try:
            document = json.loads(path.read_bytes())
        except ValueError as error:
            raise NotARecording(f"{path.name} is not JSON: {error}") from error
        data = document.get("data") if isinstance(document, dict) else None
        sets = [rows for rows in data if isinstance(rows, dict)] if isinstance(data, list) else []
        rows = [row for one in sets for row in one.values()]
        if not rows or not all(isinstance(row, dict) and "totalCost" in row for row in rows):
            raise NotARecording(f"{path.name} holds no allocations")
        return cls({key: value for key, value in document.items() if key != "data"}, sets)

    @property
    def cluster_id(self) -> str:
        """The cluster's id as the rows have it."""
        names = (row["properties"].get("cluster", "") for one in self.sets for row in one.values())
        return next((name for name in names if name), "")

    @property
    def version(self) -> str:
        """A version that fits the recorded fields; the recording itself does not name one."""
        row = next(iter(self.sets[0].values()))
        if "status" in self.envelope:
            return "1.112.0"
        return "1.121.0" if "networkNatGatewayEgressCost" in row else "1.118.0"

    def answer(self, path: str, parameters: Mapping[str, str], *, now: datetime) -> Answer:
        """The answer to GET path?parameters at `now`."""
        match path:
            case "/healthz":
                return Answer(200, TEXT, b"")
            case "/installInfo":
                counts = {"nodeCount": "1", "podCount": "1"}
                document = {"containers": [], "clusterInfo": counts, "version": self.version}
                return Answer(200, JSON, encode(document))
            case "/clusterInfo":
                return envelope(200, {"id": self.cluster_id, "name": self.cluster_id})
            case "/prometheusConfig":
                return prometheus_config()
            case "/allocation" | "/allocation/compute":
                return self._allocations(parameters, now=now)
        return not_found()

    def _allocations(self, parameters: Mapping[str, str], *, now: datetime) -> Answer:
        try:
            query = parse_query(parameters, now=now)
        except WindowError as error:
            return Answer(400, TEXT, f"Invalid 'window' parameter: {error}\n".encode())
        except BadRequest as error:
            return envelope(400, None, str(error))
        except ServerError as error:
            return envelope(500, None, str(error))
        sets = [self._moved(window, now, idle=query.include_idle) for window in query.sets()]
        return Answer(200, JSON, encode({**self.envelope, "data": sets}))

    def _moved(self, window: Window, now: datetime, *, idle: bool) -> Rows:
        """The recorded set whose turn it is, moved into `window`; nothing for the future."""
        end = min(window.end, now)
        if end <= window.start:
            return {}
        length = max(1, int((window.end - window.start).total_seconds()))
        turn = int(window.start.timestamp()) // length % len(self.sets)
        return {
            key: _moved_row(row, window, end)
            for key, row in self.sets[turn].items()
            if idle or key != IDLE
        }


def _moved_row(row: dict[str, Any], window: Window, end: datetime) -> dict[str, Any]:
    late = _instant(row["start"]) - _instant(row["window"]["start"])
    life = _instant(row["end"]) - _instant(row["start"])
    if late < timedelta(0) or late >= end - window.start:
        late = timedelta(0)
    start = window.start + late
    stop = min(start + life, end)
    return {
        **row,
        "window": {"start": instant(window.start), "end": instant(window.end)},
        "start": instant(start),
        "end": instant(stop),
        "minutes": number((stop - start).total_seconds() / 60),
    }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
