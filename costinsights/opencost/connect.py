"""Testing a connection to an OpenCost before it is saved, step by step, in a person's words.

The steps build on each other: name, connection, certificate, credentials, is it OpenCost, has it data,
whose data. The first that fails ends the test and the rest are skipped, so that a person reads one
thing to mend, not seven.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from costinsights.core.http import OutboundError, OutboundPolicy, Resolver
from costinsights.core.http import resolve as ask_the_system
from costinsights.core.periods import HOUR, ChargePeriod, utc_hour
from costinsights.opencost.client import OpenCost, OpenCostClient
from costinsights.opencost.endpoint import AuthKind, Endpoint
from costinsights.opencost.errors import OpenCostError
from costinsights.opencost.filters import Filter
from costinsights.opencost.rows import AllocationAnswer, RowKind
from costinsights.opencost.steps import ProbeResult, Step, StepName, StepState

__all__ = ["ProbeResult", "Step", "StepName", "StepState", "probe"]

PROBE_SECONDS = 30.0
# An hour closes for us a quarter past: Prometheus needs that long to collect its last samples.
_CLOSE_LAG = HOUR / 4
_CURRENCY_OF = {
    "AWS": "USD",
    "GCP": "USD",
    "Azure": "USD",
    "Oracle": "USD",
    "DigitalOcean": "USD",
    "OVH": "EUR",
    "Scaleway": "EUR",
    "Alibaba": "CNY",
}

# Which step an error belongs to, by its `reason`; whatever came before it has then gone well.
_STEP_OF_REASON = {
    "unknown_name": StepName.DNS,
    "name_server": StepName.DNS,
    "address_refused": StepName.DNS,
    "refused": StepName.CONNECTION,
    "no_answer": StepName.CONNECTION,
    "unreachable": StepName.CONNECTION,
    "broken_off": StepName.CONNECTION,
    "untrusted": StepName.TLS,
    "wrong_name": StepName.TLS,
    "expired": StepName.TLS,
    "no_tls": StepName.TLS,
    "handshake": StepName.TLS,
    "client_certificate": StepName.CREDENTIALS,
    "client_certificate_required": StepName.CREDENTIALS,
    "client_certificate_refused": StepName.CREDENTIALS,
    "unauthorized": StepName.CREDENTIALS,
    "forbidden": StepName.CREDENTIALS,
}
_REQUEST_REFUSED = ("scheme", "userinfo", "malformed", "characters", "too_long", "query")


@dataclass(slots=True)
class _Findings:
    version: str = ""
    cluster_name: str = ""
    provider: str = ""
    own_id: str = ""
    sample: AllocationAnswer | None = None
    period: ChargePeriod | None = None
    suggested_url: str = ""
    without_idle: bool = False
    steps: dict[StepName, Step] = field(default_factory=dict)

    def note(self, name: StepName, state: StepState, text: str, reason: str = "") -> None:
        self.steps[name] = Step(name, state, text, reason)


def probe(
    endpoint: Endpoint,
    policy: OutboundPolicy,
    *,
    now: datetime,
    known_cluster_ids: Collection[str] = (),
    scope: Filter | None = None,
    resolver: Resolver = ask_the_system,
    client_for: Callable[[Endpoint, OutboundPolicy, Resolver], OpenCost] | None = None,
) -> ProbeResult:
    """Test `endpoint`. Never raises for what the other side does; takes half a minute at most a step.

    `known_cluster_ids` are those that other connections of the same tenant already deliver; with a
    `scope`, only what it lets through is looked at.
    """
    quick = OutboundPolicy(
        allowed_networks=policy.allowed_networks,
        deadline_seconds=min(policy.deadline_seconds, PROBE_SECONDS),
        connect_seconds=policy.connect_seconds,
        max_body_bytes=policy.max_body_bytes,
    )
    findings = _Findings()
    make = client_for or _client
    try:
        client = make(endpoint, quick, resolver)
        _ask(client, findings, scope, now=now)
    except (OpenCostError, OutboundError) as error:
        _note_failure(findings, endpoint, error)
        if error.reason in ("web_page", "no_route"):
            _look_behind_prefix(findings, endpoint, quick, resolver, make)
    else:
        _note_passed(findings, endpoint, before=StepName.OPENCOST)
        _judge_data(findings)
        _judge_clusters(findings, known_cluster_ids)
    return _result(findings)


def _client(endpoint: Endpoint, policy: OutboundPolicy, resolver: Resolver) -> OpenCost:
    return OpenCostClient(endpoint, endpoint.session(policy, resolver=resolver), attempts=1)


def _ask(client: OpenCost, findings: _Findings, scope: Filter | None, *, now: datetime) -> None:
    findings.version = client.install_info().version
    end = utc_hour(now - _CLOSE_LAG)
    findings.period = ChargePeriod(end - HOUR, end)
    findings.sample = client.allocations(findings.period, include_idle=False, scope=scope)
    try:
        about = client.cluster_info()
    except OpenCostError:
        about = None  # gateways often let only /allocation through; the rows name the cluster too
    if about is not None:
        findings.cluster_name = about.name
        findings.provider = about.provider
        findings.own_id = about.id
        findings.without_idle = _works_without_prometheus(client)
    _judge_opencost(findings)


def _works_without_prometheus(client: OpenCost) -> bool:
    """Asked only of an OpenCost that says who it is: a gateway that hides routes would look the same."""
    try:
        return not client.reads_prometheus()
    except OpenCostError:
        return False  # not known: nearly every OpenCost has one


def _judge_opencost(findings: _Findings) -> None:
    version = f" {findings.version}" if findings.version else ""
    if findings.without_idle:
        # https://github.com/opencost/opencost/issues/3999
        findings.note(
            StepName.OPENCOST,
            StepState.WARNING,
            f"OpenCost{version} answers. It works without Prometheus, and such an OpenCost can hang when "
            "it is asked for idle cost. So it is not asked, and idle cost is not available.",
            "without_prometheus",
        )
        return
    findings.note(StepName.OPENCOST, StepState.OK, f"OpenCost{version} answers.")


def _note_failure(
    findings: _Findings, endpoint: Endpoint, error: OpenCostError | OutboundError
) -> None:
    step = _STEP_OF_REASON.get(error.reason, StepName.OPENCOST)
    if error.reason in _REQUEST_REFUSED:
        step = StepName.DNS
    elif error.reason == "ca_bundle":
        step = StepName.TLS
    elif error.reason == "header":
        step = StepName.CREDENTIALS
    _note_passed(findings, endpoint, before=step)
    findings.note(step, StepState.FAILED, error.message, error.reason)


def _note_passed(findings: _Findings, endpoint: Endpoint, *, before: StepName) -> None:
    """Write down what must have gone well for a later step to be reached."""
    parts = urlsplit(endpoint.base_url)
    texts = {
        StepName.DNS: f"{parts.hostname} has an address that may be reached.",
        StepName.CONNECTION: f"{parts.hostname} accepts connections.",
        StepName.TLS: "The certificate is trusted.",
        StepName.CREDENTIALS: "The credentials are accepted.",
    }
    for name in StepName:
        if name is before or name not in texts:
            break
        if name is StepName.TLS and parts.scheme == "http":
            findings.note(
                name,
                StepState.WARNING,
                "The connection is not encrypted. Use https:// outside of a private network.",
                "plain_http",
            )
        elif name is StepName.CREDENTIALS and endpoint.auth is AuthKind.NONE:
            beside = " beside the client certificate" if endpoint.client_certificate else ""
            findings.note(name, StepState.OK, f"No credentials are asked for{beside}.")
        else:
            findings.note(name, StepState.OK, texts[name])


def _look_behind_prefix(
    findings: _Findings,
    endpoint: Endpoint,
    policy: OutboundPolicy,
    resolver: Resolver,
    make: Callable[[Endpoint, OutboundPolicy, Resolver], OpenCost],
) -> None:
    """OpenCost's web page proxies its API under /model; if it answers there, say so."""
    behind = replace(endpoint, base_url=f"{endpoint.root}/model")
    try:
        make(behind, policy, resolver).install_info()
    except (OpenCostError, OutboundError):
        return
    findings.suggested_url = behind.base_url
    findings.note(
        StepName.OPENCOST,
        StepState.FAILED,
        f"This is OpenCost's web page. Its API answers at {behind.base_url}: use that address.",
        "web_page",
    )


def _judge_data(findings: _Findings) -> None:
    sample = findings.sample
    if sample is None or not sample.rows:
        findings.note(
            StepName.DATA,
            StepState.WARNING,
            "OpenCost answers but has no data for the last full hour yet. A new installation needs "
            "about an hour; if it is older, check that its Prometheus collects metrics.",
            "no_data",
        )
        return
    unknown = sum(1 for row in sample.rows if row.unknown)
    if unknown:
        findings.note(
            StepName.DATA,
            StepState.WARNING,
            f"{len(sample.rows)} rows for the last full hour; {unknown} of them have costs that "
            "OpenCost could not compute. They count as 0 and are marked.",
            "unknown_costs",
        )
        return
    findings.note(StepName.DATA, StepState.OK, f"{len(sample.rows)} rows for the last full hour.")


def _cluster_ids(findings: _Findings) -> Iterator[str]:
    if findings.sample is not None:
        for row in findings.sample.rows:
            if row.cluster and row.kind is not RowKind.IDLE:
                yield row.cluster


def _judge_clusters(findings: _Findings, known_cluster_ids: Collection[str]) -> None:
    ids = sorted(set(_cluster_ids(findings)))
    taken = [one for one in ids if one in known_cluster_ids]
    if not ids:
        findings.note(
            StepName.CLUSTER,
            StepState.SKIPPED,
            "Without data there is no telling which cluster this is.",
            "no_data",
        )
    elif len(ids) > 1:
        findings.note(
            StepName.CLUSTER,
            StepState.WARNING,
            f"The answer holds {len(ids)} clusters: {_listed(ids)}. This OpenCost reads a shared "
            'Prometheus. Set a scope such as cluster:"'
            f'{ids[0]}" here, or CURRENT_CLUSTER_ID_FILTER_ENABLED=true in OpenCost, so that no '
            "cost is counted twice.",
            "several_clusters",
        )
    elif taken:
        findings.note(
            StepName.CLUSTER,
            StepState.WARNING,
            f"Another of your connections already delivers a cluster named {taken[0]}. If both read "
            "the same Prometheus, every cost would count twice. Give each cluster its own "
            "CLUSTER_ID in OpenCost.",
            "cluster_known",
        )
    elif findings.own_id and findings.own_id != ids[0]:
        findings.note(
            StepName.CLUSTER,
            StepState.WARNING,
            f"OpenCost runs in cluster {findings.own_id} but its data are of {ids[0]}: it may be "
            "reading another cluster's Prometheus. Check PROMETHEUS_SERVER_ENDPOINT in OpenCost.",
            "another_cluster",
        )
    else:
        findings.note(StepName.CLUSTER, StepState.OK, f"The cluster calls itself {ids[0]}.")


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _result(findings: _Findings) -> ProbeResult:
    skipped = "Not tested, because an earlier step failed."
    steps = tuple(
        findings.steps.get(name) or Step(name, StepState.SKIPPED, skipped) for name in StepName
    )
    rows = findings.sample.rows if findings.sample is not None else []
    return ProbeResult(
        steps=steps,
        version=findings.version,
        cluster_ids=tuple(sorted(set(_cluster_ids(findings)))),
        cluster_name=findings.cluster_name,
        provider=findings.provider,
        currency_guess=_CURRENCY_OF.get(findings.provider, ""),
        sample_total=sum(row.total for row in rows) if rows else None,
        sample_rows=len(rows),
        sample_period=findings.period if rows else None,
        suggested_url=findings.suggested_url,
        without_idle=findings.without_idle,
    )
