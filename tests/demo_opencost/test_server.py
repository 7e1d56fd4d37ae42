"""The server over real HTTP: prefixes, credentials and fault modes."""

import gzip
import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import pytest

from costinsights.local.demo_opencost import DEMO_TOKEN, DemoServer, Fault
from tests.demo_opencost.asking import MONDAY, NOW, Rows

ASK = f"/allocation/compute?window={MONDAY}&aggregate=namespace&includeIdle=true"
FINE = f"/allocation/compute?window={MONDAY}"


@dataclass(frozen=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def rows(self) -> Rows:
        (only,) = json.loads(self.body)["data"]
        return dict(only)


@pytest.fixture
def demo() -> Iterator[DemoServer]:
    with DemoServer(now=lambda: NOW, slow_seconds=0.05) as server:
        yield server


def get(
    demo: DemoServer,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    cluster: str = "initech-1",
    timeout: float = 20,
) -> Got:
    connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=timeout)
    try:
        prefix = f"/{cluster}" if cluster else ""
        connection.request("GET", prefix + path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return Got(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def test_each_cluster_has_a_prefix_of_its_own(demo: DemoServer) -> None:
    for cluster in demo.clusters:
        assert urlsplit(demo.url(cluster)).path == f"/{cluster}"
        rows = get(demo, ASK, cluster=cluster).rows
        assert {row["properties"]["cluster"] for row in rows.values()} == {cluster}


def test_without_a_prefix_only_a_lone_cluster_answers(demo: DemoServer) -> None:
    assert get(demo, "/installInfo", cluster="").status == 404
    assert get(demo, "/healthz", cluster="").status == 200
    with DemoServer(["initech-1"], now=lambda: NOW) as lone:
        assert get(lone, ASK, cluster="").rows == get(lone, ASK).rows


def test_an_unknown_cluster_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no such demo cluster: moon; have prod-eu-1"):
        DemoServer(["moon"])


def test_an_encoded_plus_joins_and_a_bare_one_silently_ends_the_filter(demo: DemoServer) -> None:
    both = 'namespace<~:"i"+controllerKind:"statefulset"'
    joined = get(demo, f"{ASK}&filter={quote(both)}").rows
    cut = get(demo, f"{ASK}&filter={quote(both, safe='+')}").rows

    assert joined["intranet"]["totalCost"] < cut["intranet"]["totalCost"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer s3cret"},
        {"Authorization": "Basic ZGVtbzpzM2NyZXQ="},
        {"X-Api-Key": "s3cret"},
    ],
)
def test_a_token_opens_as_bearer_basic_or_header(headers: dict[str, str]) -> None:
    with DemoServer(["initech-1"], token="s3cret", now=lambda: NOW) as demo:
        assert get(demo, ASK).status == 401
        assert get(demo, ASK, {"Authorization": "Bearer wrong"}).status == 401
        assert get(demo, "/healthz").status == 200
        assert get(demo, ASK, headers).status == 200


def test_unauthorized_wants_the_demo_token(demo: DemoServer) -> None:
    demo.fault = Fault.UNAUTHORIZED

    assert get(demo, ASK).headers["WWW-Authenticate"].startswith("Bearer")
    assert get(demo, ASK, {"Authorization": f"Bearer {DEMO_TOKEN}"}).status == 200


def test_down_is_a_503_even_for_health(demo: DemoServer) -> None:
    demo.fault = Fault.DOWN

    assert get(demo, ASK).status == get(demo, "/healthz").status == 503


def test_slow_sends_the_whole_answer_in_drops(demo: DemoServer) -> None:
    expected = get(demo, ASK).body
    demo.fault = Fault.SLOW

    assert get(demo, ASK).body == expected


def test_hang_never_answers_and_stopping_does_not_wait_for_it(demo: DemoServer) -> None:
    demo.fault = Fault.HANG

    with pytest.raises(socket.timeout):
        get(demo, ASK, timeout=0.2)


def test_html_is_a_200_that_is_not_opencost(demo: DemoServer) -> None:
    demo.fault = Fault.HTML
    found = get(demo, ASK)

    assert (found.status, found.headers["Content-Type"]) == (200, "text/html")


def test_empty_has_a_set_without_rows(demo: DemoServer) -> None:
    demo.fault = Fault.EMPTY

    assert json.loads(get(demo, ASK).body) == {"code": 200, "data": [{}]}
    assert get(demo, "/installInfo").status == 200


def test_the_old_envelope_answers_errors_under_200(demo: DemoServer) -> None:
    demo.fault = Fault.OLD_ENVELOPE
    found = json.loads(get(demo, ASK).body)
    error = get(demo, ASK + "&step=soon")

    assert found["status"] == "success"
    assert "gpuAllocation" not in found["data"][0]["intranet"]
    assert (error.status, json.loads(error.body)["code"]) == (200, 400)


def test_code_500_under_http_200(demo: DemoServer) -> None:
    demo.fault = Fault.HTTP200_CODE500
    found = get(demo, ASK)

    assert (found.status, json.loads(found.body)["code"]) == (200, 500)


def test_a_lost_balancer_price_makes_its_row_null_and_poisons_the_cluster(demo: DemoServer) -> None:
    demo.fault = Fault.NULL_TOTALS
    fine = get(demo, ASK, cluster="prod-eu-1").rows
    coarse = get(demo, ASK.replace("namespace", "all"), cluster="prod-eu-1").rows

    assert fine["__unmounted__"]["loadBalancerCost"] is None
    assert [name for name, row in fine.items() if row["totalCost"] is None] == ["__unmounted__"]
    assert coarse[""]["totalCost"] is None


def test_nan_totals_are_bare_words(demo: DemoServer) -> None:
    demo.fault = Fault.NAN_TOTALS

    assert b'"totalCost": NaN' in get(demo, ASK).body


def test_truncated_ends_in_the_middle_of_the_body(demo: DemoServer) -> None:
    demo.fault = Fault.TRUNCATED

    with pytest.raises(http.client.IncompleteRead):
        get(demo, ASK)


def test_cut_json_is_complete_http_and_broken_json(demo: DemoServer) -> None:
    demo.fault = Fault.CUT_JSON

    with pytest.raises(json.JSONDecodeError):
        json.loads(get(demo, ASK).body)


def test_gzip_compresses_large_answers_for_those_who_take_it(demo: DemoServer) -> None:
    plain = get(demo, FINE).body
    demo.fault = Fault.GZIP
    packed = get(demo, FINE, {"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain
    assert get(demo, FINE).body == plain
    assert "Content-Encoding" not in get(demo, "/installInfo", {"Accept-Encoding": "gzip"}).headers


def test_redirect_points_to_itself(demo: DemoServer) -> None:
    demo.fault = Fault.REDIRECT
    found = get(demo, "/installInfo")

    assert (found.status, found.headers["Location"]) == (302, "/initech-1/installInfo")


@pytest.mark.processes
def test_the_command_line_prints_its_addresses_and_ends_on_sigterm() -> None:
    command = [sys.executable, "-m", "costinsights.local.demo_opencost", "--port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        port = int(lines[0].split(":")[-1].split("/")[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/globex-main/healthz")
        status = connection.getresponse().status
        connection.close()
        process.terminate()

    assert status == 200
    assert [line.rsplit("/", 1)[1].strip() for line in lines] == [
        "prod-eu-1",
        "staging-us-1",
        "globex-main",
        "initech-1",
    ]
    assert process.returncode == 0
