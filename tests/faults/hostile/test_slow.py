"""H1: twelve ways to be slow over real sockets; the window ends at the deadline and says so."""

import socket
import time

import pytest
from pytest_django import Settings

from costinsights.costs.history import lanes
from costinsights.costs.history.ingest import read_window
from costinsights.costs.history.ledger import Claim
from costinsights.costs.history.models import Grain, IngestState, Snapshot, SnapshotState
from tenants.models import Tenant
from tests.factories.costs import ClusterFactory
from tests.fakes.opencost_rows import DAY, allocated_cost, wire_answer
from tests.fakes.raw_servers import Behaviour, dribbles, hangs, serving
from tests.faults.hostile.asking import NOW, opened, stored

DEADLINE = 0.3
TOLERANCE = 1.0
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def says_half_and_stays(connection: socket.socket) -> None:
    """A whole answer but for its last byte, and an open line."""
    body = wire_answer(allocated_cost())
    connection.sendall(OK + f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
    connection.recv(1)


def closes_its_ear(connection: socket.socket) -> None:
    """Half-closed: it hears no more and says nothing."""
    connection.shutdown(socket.SHUT_RD)
    time.sleep(DEADLINE * 2)  # pauses the server's thread; the test does not wait for it


def takes_nothing_back(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
    hangs(connection)


WAYS: dict[str, Behaviour] = {
    "accepts and hangs": hangs,
    "a status line by the byte": dribbles(b"HTTP/1.1 2", b"0"),
    "a header without end": dribbles(OK + b"X-Header: ", b"a"),
    "headers without end": dribbles(OK, b"X: y\r\n"),
    "interim answers without end": dribbles(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body by the byte": dribbles(OK + b"Content-Length: 100000\r\n\r\n", b" "),
    "a body until it closes": dribbles(OK + b"\r\n", b" "),
    "small chunks": dribbles(CHUNKED, b"1\r\n \r\n"),
    "a chunk's size by the digit": dribbles(CHUNKED + b"1;", b"a"),
    "a trailer without end": dribbles(CHUNKED + b"0\r\n", b"X: y\r\n"),
    "a byte short": says_half_and_stays,
    "packed and nothing in it": takes_nothing_back,
}


@pytest.mark.parametrize("lane", [None, lanes.Lane.SLOW], ids=["by hand", "slow lane"])
@pytest.mark.parametrize("way", WAYS)
def test_a_slow_answer_ends_at_the_deadline_and_leaves_a_reason(
    acme: Tenant, settings: Settings, way: str, lane: lanes.Lane | None
) -> None:
    settings.OPENCOST_DEADLINE_SECONDS = DEADLINE
    settings.HISTORY_PATIENCE_SECONDS = DEADLINE
    with serving(WAYS[way]) as server:
        window = opened(ClusterFactory.create(opencost_url=server.url()), Grain.DAY, DAY)
        began = time.monotonic()
        outcome = read_window(Claim(window, 0, lane), clock=lambda: NOW)
        taken = time.monotonic() - began
    assert outcome.error_code == "opencost_timed_out"
    assert DEADLINE - 0.05 <= taken <= DEADLINE + TOLERANCE
    ledger = Snapshot.objects.get(pk=window.pk)
    assert (ledger.state, ledger.leased_until) == (SnapshotState.FAILED, None)
    assert "A shorter window may help." in ledger.error_message
    assert stored(Grain.DAY).rows == 0
    state = IngestState.objects.get()
    assert state.slow_since == state.hung_at == NOW
    assert state.closed_until is not None
