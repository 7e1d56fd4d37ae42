"""A window of a cluster, read by the product's own code from bytes that a test chooses."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.db import connection

from costinsights.core.http import OutboundError, OutboundPolicy, Reply
from costinsights.core.periods import ChargePeriod
from costinsights.costs.history import ingest, ledger
from costinsights.costs.history.ingest import Outcome, read_window
from costinsights.costs.history.ledger import Claim
from costinsights.costs.history.models import Grain, Snapshot
from costinsights.costs.models import Cluster
from costinsights.opencost.client import AuthKind, Endpoint, OpenCostClient

NOW = dt.datetime(2026, 11, 23, 12, 5, tzinfo=dt.UTC)


class Session:
    """In place of the safe session: answers what it is told to, as it came over the wire."""

    policy = OutboundPolicy(deadline_seconds=5)

    def __init__(self) -> None:
        self.reply: Reply | OutboundError = answer(b"")
        self.asked = 0

    def get(self, url: str, *, deadline_seconds: float | None = None) -> Reply:
        self.asked += 1
        if isinstance(self.reply, OutboundError):
            raise self.reply
        return self.reply


def answer(body: bytes, *, status: int = 200, content_type: str = "application/json") -> Reply:
    return Reply(status, content_type, body, 0.1)


@contextmanager
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """Every OpenCost the ingest asks is this session, until the test ends. Nobody sleeps between attempts."""
    session = Session()
    client = OpenCostClient(
        Endpoint(base_url="http://127.0.0.1:9", auth=AuthKind.NONE),
        session,  # type: ignore[arg-type]  # stands in for a SafeSession
        sleep=lambda _: None,
    )
    monkeypatch.setattr(ingest, "client_for", lambda *_: client)
    yield session


def opened(cluster: Cluster, grain: Grain, period: ChargePeriod) -> Snapshot:
    """A due window on the ledger."""
    ledger.ingest_state(cluster, now=NOW)
    return Snapshot.objects.create(
        cluster=cluster, grain=grain, window_start=period.start, due_at=NOW
    )


def read(window: Snapshot) -> Outcome:
    """Read a window as the worker does that has just claimed it."""
    return read_window(Claim(window, window.attempt), clock=lambda: NOW)


@dataclass(frozen=True)
class Stored:
    """What a grain's tables hold: rows, the digest of every one, money, flags."""

    rows: int
    digest: str
    total: int
    rolled_up: int
    flags: int


def stored(grain: str) -> Stored:
    """Read back past every query of the product."""
    facts, rollup = ("costday", "groupday") if grain == Grain.DAY else ("costhour", "grouphour")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(md5(string_agg(f::text, '|' ORDER BY f::text)), ''),"
            f" coalesce(sum(total_cost), 0), (SELECT coalesce(sum(total_cost), 0) FROM costs_{rollup}),"
            f" coalesce(bit_or(flags), 0) FROM costs_{facts} f"  # names of our own
        )
        rows, digest, total, rolled_up, flags = cursor.fetchone()
    return Stored(rows, digest, int(total), int(rolled_up), flags)
