"""TLS of the safe session: who is trusted, under which name, though the address is pinned."""

import datetime
import ssl
from ipaddress import ip_network
from pathlib import Path

import pytest

from costinsights.core.http import OutboundPolicy, RequestRefused, SafeSession, TlsFailed
from costinsights.core.http.tls import tls_context
from tests.fakes.certificates import Authority
from tests.fakes.raw_servers import replies, serving


def policy() -> OutboundPolicy:
    return OutboundPolicy(allowed_networks=(ip_network("127.0.0.0/8"),), deadline_seconds=10)


def test_a_private_ca_is_trusted_only_where_it_is_given(tmp_path: Path) -> None:
    authority = Authority.make()
    context = authority.server_context(tmp_path, "opencost.example")
    with serving(replies(b"private"), tls=context) as server:
        url = server.url(scheme="https", host="opencost.example")
        trusting = SafeSession(
            policy(), ca_bundle_pem=authority.pem, resolver=lambda host, port: ["127.0.0.1"]
        )
        assert trusting.get(url).body == b"private"
        for pem in (None, Authority.make("Other").pem):
            stranger = SafeSession(
                policy(), ca_bundle_pem=pem, resolver=lambda host, port: ["127.0.0.1"]
            )
            with pytest.raises(TlsFailed) as caught:
                stranger.get(url)
            assert caught.value.reason == "untrusted"


def test_the_certificate_must_name_the_host_though_the_address_is_pinned(tmp_path: Path) -> None:
    authority = Authority.make()
    seen: list[str | None] = []
    context = authority.server_context(tmp_path, "127.0.0.1")
    context.sni_callback = lambda sock, name, ctx: seen.append(name)
    with serving(replies(b"x"), tls=context) as server:
        session = SafeSession(
            policy(), ca_bundle_pem=authority.pem, resolver=lambda host, port: ["127.0.0.1"]
        )
        with pytest.raises(TlsFailed) as caught:
            session.get(server.url(scheme="https", host="opencost.example"))

    assert (caught.value.reason, seen) == ("wrong_name", ["opencost.example"])
    assert server.requests == []


def test_an_expired_certificate_is_named(tmp_path: Path) -> None:
    authority = Authority.make()
    past = datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC)
    context = authority.server_context(tmp_path, "127.0.0.1", valid_until=past)
    with serving(replies(b"x"), tls=context) as server, pytest.raises(TlsFailed) as caught:
        SafeSession(policy(), ca_bundle_pem=authority.pem).get(server.url(scheme="https"))

    assert (caught.value.reason, caught.value.retry_is_useful) == ("expired", False)


def test_https_to_a_plain_port_says_so() -> None:
    with (
        serving(replies(b"x", status="400 Bad Request")) as server,
        pytest.raises(TlsFailed) as caught,
    ):
        SafeSession(policy()).get(server.url(scheme="https"))

    assert caught.value.reason == "no_tls"


@pytest.mark.parametrize(
    "pem", ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_a_ca_bundle_without_a_certificate_is_refused(pem: str) -> None:
    with pytest.raises(RequestRefused, match="PEM"):
        SafeSession(policy(), ca_bundle_pem=pem)


def test_nothing_weaker_than_verified_tls_1_2_is_accepted() -> None:
    for pem in (None, Authority.make().pem):
        context = tls_context(pem)
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
