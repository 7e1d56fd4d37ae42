"""The client over HTTP: what it sends, and which error each bad answer becomes."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from costinsights.core.http import OutboundPolicy, RequestRefused
from costinsights.opencost.client import AuthKind, Endpoint, OpenCostClient
from costinsights.opencost.errors import (
    NotOpenCost,
    OpenCostAnswerInvalid,
    OpenCostAnswerTooLarge,
    OpenCostError,
    OpenCostQueryFailed,
    OpenCostRefusedCredentials,
    OpenCostTimedOut,
    OpenCostUnavailable,
    OpenCostUnreachable,
)
from costinsights.opencost.filters import parse_filter
from tests.fakes.opencost import FakeOpenCost
from tests.fakes.opencost_rows import DAY, allocated_cost, envelope, wire_answer
from tests.fakes.opencost_server import serving_opencost
from tests.fakes.raw_servers import Behaviour, hangs, replies, sends, serving

POLICY = OutboundPolicy(
    allowed_networks=(ip_network("127.0.0.0/8"),), deadline_seconds=20, max_body_bytes=100_000
)
EMPTY_SET = "AllocationSetRange has empty AssetSet in accumulation"
HTML = b"<!DOCTYPE html><html><body>OpenCost</body></html>"


def client(url: str, *, deadline: float = 20, **credentials: str) -> OpenCostClient:
    endpoint = Endpoint(base_url=url, **credentials)  # type: ignore[arg-type]  # auth is a StrEnum
    policy = OutboundPolicy(
        allowed_networks=POLICY.allowed_networks,
        deadline_seconds=deadline,
        max_body_bytes=POLICY.max_body_bytes,
    )
    return OpenCostClient(endpoint, endpoint.session(policy), sleep=lambda seconds: None)


def failure(behave: Behaviour, *, deadline: float = 20) -> tuple[OpenCostError, int]:
    """The error, and how often the question was asked."""
    with serving(behave) as server, pytest.raises(OpenCostError) as caught:
        client(server.url(), deadline=deadline).allocations(DAY)
    return caught.value, len(server.requests)


def test_one_window_is_one_request_with_everything_spelled_out() -> None:
    with serving_opencost(FakeOpenCost(), prefix="/model") as server:
        client(server.url).allocations(DAY, include_idle=False)

    assert server.paths == [
        "/model/allocation/compute?window=2026-01-01T00%3A00%3A00Z%2C2026-01-02T00%3A00%3A00Z"
        "&aggregate=cluster%2Cnode%2Cnamespace%2Cpod%2Ccontainer"
        "&step=24h&accumulate=false&includeIdle=false"
    ]


def test_a_plus_in_a_filter_never_reaches_opencost_as_a_space() -> None:
    scope = parse_filter('namespace:"a b"+label[app]:"x+y&z"')
    with serving_opencost(FakeOpenCost()) as server:
        client(server.url).allocations(DAY, scope=scope)

    query = server.paths[0].partition("?")[2]
    assert query.endswith("&filter=namespace%3A%22a%20b%22%2Blabel%5Bapp%5D%3A%22x%2By%26z%22")
    assert "+" not in query


@pytest.mark.parametrize(
    ("credentials", "name", "value"),
    [
        ({"auth": AuthKind.BEARER, "secret": "tok"}, "Authorization", "Bearer tok"),
        (
            {"auth": AuthKind.BASIC, "username": "ann", "secret": "pä"},
            "Authorization",
            "Basic YW5uOnDDpA==",
        ),
        ({"auth": AuthKind.HEADER, "header_name": "X-Key", "secret": "k"}, "X-Key", "k"),
        ({}, "Authorization", ""),
    ],
)
def test_credentials_travel_in_their_header(
    credentials: dict[str, str], name: str, value: str
) -> None:
    with serving(replies(envelope([]))) as server:
        client(server.url("/"), deadline=20, **credentials).allocations(DAY)

    assert server.header(name) == value


def test_an_endpoint_keeps_its_secret_out_of_its_repr() -> None:
    endpoint = Endpoint(base_url="https://x.example", auth=AuthKind.BEARER, secret="tok-123")

    assert "tok-123" not in f"{endpoint} {endpoint!r} {OpenCostClient.open(endpoint, POLICY)!r}"


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/model?a=1",
        "https://x.example/#a",
        "https://u:p@x.example",
        "x",
        "https://x?",
    ],
)
def test_addresses_that_cannot_carry_a_route_are_refused(url: str) -> None:
    with pytest.raises(RequestRefused):
        Endpoint(base_url=url)


@pytest.mark.parametrize(
    ("behave", "error", "reason", "asked"),
    [
        (replies(b"", status="401 Unauthorized"), OpenCostRefusedCredentials, "unauthorized", 1),
        (replies(HTML, status="403 Forbidden"), OpenCostRefusedCredentials, "forbidden", 1),
        (replies(HTML, content_type="text/html"), NotOpenCost, "web_page", 1),
        (replies(HTML), NotOpenCost, "web_page", 1),
        (replies(b"404 page not found", status="404 Not Found"), NotOpenCost, "no_route", 1),
        (replies(HTML, status="404 Not Found", content_type="text/html"), NotOpenCost, "web_page", 1),
        (replies(b"", status="405 Method Not Allowed"), NotOpenCost, "no_route", 1),
        (replies(b"slow", status="429 Too Many"), OpenCostUnavailable, "gateway", 3),
        (replies(HTML, status="502 Bad Gateway"), OpenCostUnavailable, "gateway", 3),
        (replies(b"", status="503 Unavailable"), OpenCostUnavailable, "gateway", 3),
        (replies(HTML, status="504 Timeout"), OpenCostTimedOut, "gateway", 3),
        (sends(b""), OpenCostUnavailable, "broken_off", 3),
        (replies(b"", status="302 Found"), OpenCostUnreachable, "redirect", 1),
        (replies(b"", status="204 No Content"), OpenCostAnswerInvalid, "status", 1),
        (replies(b""), OpenCostAnswerInvalid, "empty_body", 1),
        (replies(b"x" * 200_000), OpenCostAnswerTooLarge, "body_too_large", 1),
        (replies(b"x", headers=("Content-Encoding: br",)), OpenCostAnswerInvalid, "body_unreadable", 1),
        (
            replies(b"Invalid 'window' parameter: x\n{\"code\":500}", status="400 Bad Request"),
            OpenCostQueryFailed,
            "bad_query",
            1,
        ),
        (
            replies(envelope(None, code=500, message="prometheus down"), status="500 Error"),
            OpenCostQueryFailed,
            "server_error",
            1,
        ),
        (
            replies(envelope(None, code=500, message="invalid filter: x"), status="500 Error"),
            OpenCostQueryFailed,
            "bad_query",
            1,
        ),
        (replies(envelope(None, code=500, message="x", old=True)), OpenCostQueryFailed, "server_error", 1),
    ],
)  # fmt: skip
def test_each_bad_answer_has_its_error_and_only_passing_ones_are_asked_again(
    behave: Behaviour, error: type[OpenCostError], reason: str, asked: int
) -> None:
    found, times = failure(behave)

    assert (type(found), found.reason, times) == (error, reason, asked)
    assert found.message.endswith((".", "?")) or error is OpenCostQueryFailed


def test_an_error_says_whether_another_try_is_useful() -> None:
    down = envelope(None, code=500, message="error computing allocations: prometheus")

    assert failure(replies(down, status="500 Error"))[0].retry_is_useful
    assert failure(replies(b"", status="503 Unavailable"))[0].retry_is_useful
    assert not failure(replies(b"", status="401 Unauthorized"))[0].retry_is_useful
    assert not failure(replies(b"window", status="400 Bad Request"))[0].retry_is_useful


def test_a_hanging_opencost_times_out_once_for_the_whole_budget() -> None:
    error, asked = failure(hangs, deadline=0.3)

    assert (type(error), asked) == (OpenCostTimedOut, 1)


def test_an_empty_asset_set_is_no_error() -> None:
    body = envelope(None, code=500, message=EMPTY_SET)
    for behave in (replies(body, status="500 Internal Server Error"), replies(body)):
        with serving(behave) as server:
            assert client(server.url()).allocations(DAY).rows == []


def test_a_gateway_that_recovers_is_not_noticed() -> None:
    row = allocated_cost()
    statuses: Iterator[Behaviour] = iter(
        [replies(b"", status="502 Bad Gateway"), sends(b""), replies(wire_answer(row))]
    )
    with serving(lambda connection: next(statuses)(connection)) as server:
        assert client(server.url()).allocations(DAY).rows == [row]


@pytest.mark.parametrize(
    ("behave", "error"),
    [
        (replies(b"[]"), OpenCostAnswerInvalid),
        (replies(b"hello"), OpenCostAnswerInvalid),
        (replies(b'{"status":"ok"}'), NotOpenCost),
        (replies(b'{"version":7}'), NotOpenCost),
        (replies(HTML), NotOpenCost),
    ],
)
def test_something_else_is_not_taken_for_opencost(
    behave: Behaviour, error: type[OpenCostError]
) -> None:
    with serving(behave) as server, pytest.raises(error):
        client(server.url()).install_info()


def test_a_missing_cluster_route_is_no_error() -> None:
    with serving(replies(b"404 page not found", status="404 Not Found")) as server:
        assert client(server.url()).cluster_info() is None
    with serving(replies(envelope(None))) as server:
        assert client(server.url()).cluster_info() is None


@pytest.mark.parametrize(
    ("behave", "reads"),
    [
        (replies(b"404 page not found\n", status="404 Not Found"), False),
        (replies(b"default backend - 404", status="404 Not Found"), True),
        (replies(envelope({"address": "http://prometheus"})), True),
    ],
)
def test_only_opencosts_own_404_says_that_it_has_no_prometheus(
    behave: Behaviour, reads: bool
) -> None:
    with serving(behave) as server:
        assert client(server.url()).reads_prometheus() is reads
