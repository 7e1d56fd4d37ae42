"""Mutual TLS of the safe session, against servers that let nobody in without a certificate."""

import contextlib
import ssl
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from costinsights.core.http import (
    ClientCertificate,
    OutboundPolicy,
    RequestRefused,
    SafeSession,
    TlsFailed,
)
from costinsights.core.http.tls import tls_context
from tests.fakes.certificates import Authority, Issued
from tests.fakes.raw_servers import RawServer, replies, serving

POLICY = OutboundPolicy(allowed_networks=(ip_network("127.0.0.0/8"),), deadline_seconds=10)
TLS_VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make()


@contextlib.contextmanager
def asking_for_certificates(
    authority: Authority, folder: Path, version: ssl.TLSVersion
) -> Iterator[RawServer]:
    context = authority.server_context(folder, "127.0.0.1", clients_of=authority)
    context.minimum_version = context.maximum_version = version
    with serving(replies(b"come in"), tls=context) as server:
        yield server


def shown(issued: Issued) -> ClientCertificate:
    return ClientCertificate(issued.certificate_pem, issued.key_pem)


def ask(server: RawServer, authority: Authority, certificate: ClientCertificate | None) -> bytes:
    session = SafeSession(POLICY, ca_bundle_pem=authority.pem, client_certificate=certificate)
    return session.get(server.url(scheme="https")).body


@pytest.mark.parametrize("version", TLS_VERSIONS)
def test_a_client_certificate_opens_the_door(
    authority: Authority, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    with asking_for_certificates(authority, tmp_path, version) as server:
        assert ask(server, authority, shown(authority.issue("us"))) == b"come in"


def test_without_one_the_server_says_what_is_missing(authority: Authority, tmp_path: Path) -> None:
    with (
        asking_for_certificates(authority, tmp_path, ssl.TLSVersion.TLSv1_3) as server,
        pytest.raises(TlsFailed, match="private key") as caught,
    ):
        ask(server, authority, None)

    assert (caught.value.reason, server.requests) == ("client_certificate_required", [])


def test_tls_1_2_knows_no_word_for_it_but_the_way_out_is_told(
    authority: Authority, tmp_path: Path
) -> None:
    with (
        asking_for_certificates(authority, tmp_path, ssl.TLSVersion.TLSv1_2) as server,
        pytest.raises(TlsFailed, match="client certificate, enter one") as caught,
    ):
        ask(server, authority, None)

    assert caught.value.reason == "handshake"


@pytest.mark.parametrize("version", TLS_VERSIONS)
def test_a_strangers_certificate_is_refused(
    authority: Authority, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    stranger = shown(Authority.make("Somebody else").issue("us"))

    with (
        asking_for_certificates(authority, tmp_path, version) as server,
        pytest.raises(TlsFailed, match="does not accept") as caught,
    ):
        ask(server, authority, stranger)

    assert (caught.value.reason, server.requests) == ("client_certificate_refused", [])


def test_a_server_that_does_not_ask_is_shown_nothing(authority: Authority, tmp_path: Path) -> None:
    context = authority.server_context(tmp_path, "127.0.0.1")
    with serving(replies(b"open"), tls=context) as server:
        assert ask(server, authority, shown(authority.issue("us"))) == b"open"


def test_a_key_that_cannot_be_used_is_refused_without_a_question_on_the_terminal(
    authority: Authority,
) -> None:
    ours, other = authority.issue("us"), authority.issue("other")
    unusable = [
        ClientCertificate(ours.certificate_pem, other.key_pem),
        ClientCertificate(ours.certificate_pem, ours.locked_key_pem("sesame")),
        ClientCertificate("nonsense", ours.key_pem),
        ClientCertificate(ours.certificate_pem, "ключ"),
    ]
    for certificate in unusable:
        with pytest.raises(RequestRefused) as caught:
            SafeSession(POLICY, client_certificate=certificate)
        assert caught.value.reason == "client_certificate"
        assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_certificate_stays_with_the_session_it_was_given_to(authority: Authority) -> None:
    with_certificate = tls_context(None, shown(authority.issue("us")))

    assert with_certificate is not tls_context(None)
    assert tls_context(None) is tls_context(None)
    assert with_certificate.verify_mode is ssl.CERT_REQUIRED
    assert with_certificate.check_hostname


@pytest.mark.parametrize("anonymous_memory", [True, False])
def test_the_key_leaves_no_file_behind(
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    anonymous_memory: bool,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if not anonymous_memory:
        monkeypatch.delattr("os.memfd_create", raising=False)

    SafeSession(POLICY, client_certificate=shown(authority.issue("us")))

    assert list(tmp_path.iterdir()) == []


def test_the_key_stands_in_no_representation(authority: Authority) -> None:
    issued = authority.issue("us")
    certificate = shown(issued)
    session = SafeSession(POLICY, client_certificate=certificate)

    assert "PRIVATE" not in repr(certificate) + repr(session)
