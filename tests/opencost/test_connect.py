"""The connection test: the right step fails, in words that say the way out."""

import socket
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from costinsights.core.http import ClientCertificate, OutboundPolicy
from costinsights.core.periods import ChargePeriod
from costinsights.opencost.client import AuthKind, Endpoint
from costinsights.opencost.connect import ProbeResult, StepName, StepState, probe
from costinsights.opencost.errors import NotOpenCost
from costinsights.opencost.filters import equals
from costinsights.opencost.rows import AllocatedCost, ClusterInfo
from tests.fakes.certificates import Authority
from tests.fakes.opencost import FakeOpenCost
from tests.fakes.opencost_rows import allocated_cost, envelope
from tests.fakes.opencost_server import serving_opencost
from tests.fakes.raw_servers import Behaviour, hangs, replies, serving

NOW = datetime(2026, 3, 5, 10, 20, tzinfo=UTC)
HOUR = ChargePeriod.parse("2026-03-05T09:00Z", "2026-03-05T10:00Z")
POLICY = OutboundPolicy(allowed_networks=(ip_network("127.0.0.0/8"),), deadline_seconds=5)
ABOUT = ClusterInfo(id="prod", name="Production", provider="GCP")
HTML = replies(b"<html>OpenCost UI</html>", content_type="text/html")


def row(namespace: str = "shop", **fields: object) -> AllocatedCost:
    return allocated_cost(namespace, "0.25", period=HOUR, **({"cluster": "prod"} | fields))


def probed(
    *rows: AllocatedCost, known: Collection[str] = (), cluster: ClusterInfo | None = ABOUT
) -> ProbeResult:
    with serving_opencost(FakeOpenCost(*rows, cluster=cluster)) as server:
        return probe(Endpoint(base_url=server.url), POLICY, now=NOW, known_cluster_ids=known)


def failed(
    url: str,
    policy: OutboundPolicy = POLICY,
    resolver: Callable[[str, int], list[str]] | None = None,
) -> tuple[str, str, str]:
    """Step, reason and sentence of a test that fails; all before is ok, all after skipped."""
    more = {} if resolver is None else {"resolver": resolver}
    result = probe(Endpoint(base_url=url), policy, now=NOW, **more)  # type: ignore[arg-type]  # one known key
    step = result.failure
    assert step is not None
    place = result.steps.index(step)
    assert {one.state for one in result.steps[:place]} <= {StepState.OK, StepState.WARNING}
    assert {one.state for one in result.steps[place + 1 :]} <= {StepState.SKIPPED}
    return step.name, step.reason, step.text


def against(behave: Behaviour, policy: OutboundPolicy = POLICY) -> tuple[str, str, str]:
    with serving(behave) as server:
        return failed(server.url(), policy)


def test_a_good_connection_tells_what_there_is_to_know() -> None:
    result = probed(row("a"), row("b"))

    assert result.ok
    assert [step.name for step in result.steps] == list(StepName)
    states = {step.name: step.state for step in result.steps}
    assert states.pop(StepName.TLS) is StepState.WARNING
    assert set(states.values()) == {StepState.OK}
    assert (result.version, result.cluster_ids, result.cluster_name) == (
        "1.120.1",
        ("prod",),
        "Production",
    )
    assert (result.provider, result.currency_guess) == ("GCP", "USD")
    assert (result.sample_total, result.sample_rows, result.sample_period) == (500_000, 2, HOUR)


def test_the_last_hour_counts_as_closed_a_quarter_past() -> None:
    early = datetime(2026, 3, 5, 10, 10, tzinfo=UTC)
    fake = FakeOpenCost()
    with serving_opencost(fake) as server:
        probe(Endpoint(base_url=server.url), POLICY, now=early)

    assert fake.asked == [ChargePeriod.parse("2026-03-05T08:00Z", "2026-03-05T09:00Z")]


def test_a_new_installation_without_data_can_be_saved_with_a_warning() -> None:
    result = probed()

    assert result.ok
    assert _state(result, StepName.DATA) == (StepState.WARNING, "no_data")
    assert _state(result, StepName.CLUSTER) == (StepState.SKIPPED, "no_data")
    assert (result.sample_total, result.version) == (None, "1.120.1")


def test_unknown_costs_are_counted_out() -> None:
    result = probed(row(unknown=("pv",)), row("b"))

    assert _state(result, StepName.DATA) == (StepState.WARNING, "unknown_costs")


@pytest.mark.parametrize(
    ("rows", "known", "reason"),
    [
        ((row(), row("b", cluster="staging")), (), "several_clusters"),
        ((row(),), ("prod", "x"), "cluster_known"),
        ((row(cluster="other"),), (), "another_cluster"),
    ],
)
def test_another_clusters_data_is_pointed_out(
    rows: tuple[AllocatedCost, ...], known: Collection[str], reason: str
) -> None:
    result = probed(*rows, known=known)

    assert result.ok
    assert _state(result, StepName.CLUSTER) == (StepState.WARNING, reason)


def test_a_scope_narrows_what_is_looked_at() -> None:
    fake = FakeOpenCost(row(), row("b", cluster="staging"), cluster=None)
    with serving_opencost(fake) as server:
        endpoint = Endpoint(base_url=server.url)
        result = probe(endpoint, POLICY, now=NOW, scope=equals("cluster", "staging"))

    assert result.cluster_ids == ("staging",)
    assert _state(result, StepName.CLUSTER)[0] is StepState.OK


def test_the_web_page_is_recognised_and_the_api_found_behind_it() -> None:
    with serving_opencost(FakeOpenCost(row()), prefix="/model") as server:
        result = probe(Endpoint(base_url=server.url.removesuffix("/model")), POLICY, now=NOW)

    assert result.suggested_url == server.url
    assert result.failure is not None
    assert server.url in result.failure.text


def test_some_other_web_page_gets_the_hint_about_path_and_port() -> None:
    step, reason, text = against(HTML)

    assert (step, reason) == ("opencost", "web_page")
    assert "/model" in text
    assert "9003" in text


@pytest.mark.parametrize(
    ("behave", "step", "reason"),
    [
        (replies(b"", status="401 Unauthorized"), "credentials", "unauthorized"),
        (replies(b"", status="403 Forbidden"), "credentials", "forbidden"),
        (replies(b"", status="502 Bad Gateway"), "opencost", "gateway"),
        (replies(b"404 page not found", status="404 Not Found"), "opencost", "no_route"),
        (replies(b'{"hello": 1}'), "opencost", "other_service"),
        (replies(b"nonsense"), "opencost", "not_json"),
        (replies(b"", status="301 Moved"), "opencost", "redirect"),
        (replies(b'{"version": "1.0"}'), "opencost", "no_code"),
        (replies(envelope(None, code=500, message="prometheus down")), "opencost", "other_service"),
    ],
)
def test_the_failing_step_is_named(behave: Behaviour, step: str, reason: str) -> None:
    assert against(behave)[:2] == (step, reason)


def test_a_silent_server_fails_the_opencost_step() -> None:
    impatient = OutboundPolicy(allowed_networks=POLICY.allowed_networks, deadline_seconds=0.3)

    assert against(hangs, impatient)[:2] == ("opencost", "deadline_exceeded")


def test_an_unknown_name_and_a_closed_port_and_a_private_address_are_told_apart() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert failed("http://typo.example", resolver=unknown)[:2] == ("dns", "unknown_name")
    assert failed(f"http://127.0.0.1:{port}")[:2] == ("connection", "refused")
    assert failed("http://10.0.0.8:9003")[:2] == ("dns", "address_refused")
    assert failed(
        "http://sneaky.example", resolver=lambda host, port: ["8.8.8.8", "169.254.169.254"]
    )[:2] == ("dns", "address_refused")


def test_an_untrusted_certificate_fails_the_tls_step(tmp_path: Path) -> None:
    authority = Authority.make()
    context = authority.server_context(tmp_path, "127.0.0.1")
    with serving(hangs, tls=context) as server:
        url = server.url(scheme="https")
        step, reason, text = failed(url)
        trusted = probe(
            Endpoint(base_url=url, ca_bundle_pem=authority.pem),
            OutboundPolicy(allowed_networks=POLICY.allowed_networks, deadline_seconds=0.5),
            now=NOW,
        )

    assert (step, reason) == ("tls", "untrusted")
    assert "CA certificate" in text
    assert _state(trusted, StepName.TLS)[0] is StepState.OK


def test_an_opencost_without_prometheus_is_noticed() -> None:
    fake = FakeOpenCost(row(), cluster=ABOUT, prometheus=False)
    with serving_opencost(fake) as server:
        result = probe(Endpoint(base_url=server.url), POLICY, now=NOW)

    assert (result.ok, result.without_idle) == (True, True)
    assert _state(result, StepName.OPENCOST) == (StepState.WARNING, "without_prometheus")


class WithholdingOpenCost(FakeOpenCost):
    """Behind a gateway that fails for all routes it does not know."""

    def reads_prometheus(self) -> bool:
        raise NotOpenCost("A web page answers.", reason="web_page")


@pytest.mark.parametrize(
    "opencost",
    [
        FakeOpenCost(row(), cluster=ABOUT),
        FakeOpenCost(row(), cluster=None, prometheus=False),
        WithholdingOpenCost(row(), cluster=ABOUT, prometheus=False),
    ],
    ids=["a Prometheus", "an unknown cluster", "a gateway's page"],
)
def test_what_is_not_known_to_lack_prometheus_counts_as_having_one(opencost: FakeOpenCost) -> None:
    endpoint = Endpoint(base_url="https://opencost.example")

    result = probe(endpoint, POLICY, now=NOW, client_for=lambda *_: opencost)

    assert (result.ok, result.without_idle) == (True, False)
    assert _state(result, StepName.OPENCOST)[0] is StepState.OK


def test_a_server_that_asks_for_a_client_certificate_is_understood(tmp_path: Path) -> None:
    authority = Authority.make()
    context = authority.server_context(tmp_path, "127.0.0.1", clients_of=authority)
    issued = {
        "ours": authority.issue("us"),
        "a stranger's": Authority.make("Somebody else").issue("us"),
    }
    shown: dict[str, ClientCertificate | None] = {"none": None}
    for name, one in issued.items():
        shown[name] = ClientCertificate(one.certificate_pem, one.key_pem)
    with serving_opencost(FakeOpenCost(row(), cluster=ABOUT), tls=context) as server:
        results = {
            name: probe(
                Endpoint(server.url, ca_bundle_pem=authority.pem, client_certificate=certificate),
                POLICY,
                now=NOW,
            )
            for name, certificate in shown.items()
        }

    assert results["ours"].ok
    assert "client certificate" in results["ours"].steps[3].text
    for name, reason in (
        ("none", "client_certificate_required"),
        ("a stranger's", "client_certificate_refused"),
    ):
        failure = results[name].failure
        assert failure is not None
        assert (failure.name, failure.reason) == (StepName.CREDENTIALS, reason)
        assert _state(results[name], StepName.TLS)[0] is StepState.OK


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("400 No required SSL certificate was sent", "client_certificate_required"),
        ("400 The SSL certificate error", "client_certificate_refused"),
    ],
)
def test_nginx_says_it_with_a_page(title: str, reason: str) -> None:
    page = f"<html><head><title>{title}</title></head></html>".encode()

    step = against(replies(page, status="400 Bad Request", content_type="text/html"))

    assert step[:2] == ("credentials", reason)


@pytest.mark.parametrize(
    ("endpoint", "step"),
    [
        (
            Endpoint("https://x.example", client_certificate=ClientCertificate("no", "no")),
            "credentials",
        ),
        (Endpoint(base_url="https://x.example", ca_bundle_pem="nonsense"), "tls"),
        (
            Endpoint(base_url="https://x.example", auth=AuthKind.BEARER, secret="a\nb"),
            "credentials",
        ),
    ],
)
def test_unusable_credentials_fail_before_anything_is_asked(endpoint: Endpoint, step: str) -> None:
    def never(host: str, port: int) -> list[str]:
        raise AssertionError("looked up")

    result = probe(endpoint, POLICY, now=NOW, resolver=never)

    assert result.failure is not None
    assert result.failure.name == step


def test_secrets_stand_in_no_sentence() -> None:
    with serving_opencost(FakeOpenCost(), token="right-one") as server:
        wrong = Endpoint(base_url=server.url, auth=AuthKind.BEARER, secret="wrong-one")
        result = probe(wrong, POLICY, now=NOW)

    assert result.failure is not None
    assert result.failure.name is StepName.CREDENTIALS
    assert "wrong-one" not in repr(result)


def _state(result: ProbeResult, name: StepName) -> tuple[StepState, str]:
    step = next(step for step in result.steps if step.name is name)
    return step.state, step.reason
