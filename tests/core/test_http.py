"""The safe session against real sockets that behave badly."""

import gzip
import socket
import threading
import zlib
from ipaddress import ip_network
from pathlib import Path

import pytest

from costinsights.core.http import (
    AddressRefused,
    BodyTooLarge,
    BodyUnreadable,
    ConnectionFailed,
    DeadlineExceeded,
    NameNotResolved,
    OutboundError,
    OutboundPolicy,
    RedirectRefused,
    RequestRefused,
    SafeSession,
)
from tests.fakes.raw_servers import Behaviour, dribbles, floods, hangs, replies, sends, serving

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
SECRET = "s3cret-token-of-acme"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def policy(*, deadline: float = 10, most: int = 1_000_000, connect: float = 5) -> OutboundPolicy:
    return OutboundPolicy(
        allowed_networks=LOOPBACK,
        deadline_seconds=deadline,
        connect_seconds=connect,
        max_body_bytes=most,
    )


def session(**limits: float) -> SafeSession:
    return SafeSession(policy(**limits))  # type: ignore[arg-type]  # the limits are named above


def packed(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_an_answer_comes_back_whole() -> None:
    with serving(replies(b'{"a": 1}')) as server:
        reply = session().get(server.url("/x?y=a%2Bb"))

    assert (reply.status, reply.content_type, reply.body) == (200, "application/json", b'{"a": 1}')
    assert server.requests[0].startswith(b"GET /x?y=a%2Bb HTTP/1.1\r\n")


@pytest.mark.parametrize("status", ["401 Unauthorized", "404 Not Found", "503 Unavailable"])
def test_statuses_are_answers_not_errors(status: str) -> None:
    with serving(replies(b"no", status=status)) as server:
        assert session().get(server.url()).status == int(status[:3])


def test_a_post_carries_its_json_and_headers() -> None:
    with serving(replies(b"{}")) as server:
        session().post(server.url(), json={"a": "ü"}, headers={"X-Id": "7"})

    assert server.header("X-Id") == "7"
    assert server.header("Content-Type") == "application/json"
    assert int(server.header("Content-Length")) == len(b'{"a": "\\u00fc"}')


@pytest.mark.parametrize(
    "behave",
    [
        dribbles(b"HTTP/1.1 200 OK\r\nX-Header: ", b"a"),
        dribbles(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        dribbles(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"1"),
        dribbles(b"HTTP/1.1 200 OK\r\n\r\n", b"1"),
        dribbles(CHUNKED, b"1\r\na\r\n"),
        dribbles(CHUNKED + b"1;", b"a"),
        dribbles(CHUNKED + b"0\r\n", b"X: y\r\n"),
        hangs,
    ],
    ids=[
        "header",
        "continue",
        "body",
        "body until close",
        "chunks",
        "chunk size",
        "trailer",
        "hang",
    ],
)
def test_a_slow_answer_ends_at_the_deadline(behave: Behaviour) -> None:
    with serving(behave) as server, pytest.raises(DeadlineExceeded) as caught:
        session(deadline=0.3).get(server.url())

    assert caught.value.retry_is_useful


def test_a_slow_handshake_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(DeadlineExceeded):
            session(deadline=0.3).get(f"https://127.0.0.1:{port}/")


def test_a_shorter_deadline_can_be_asked_for_but_not_a_longer_one() -> None:
    with serving(hangs) as server:
        with pytest.raises(DeadlineExceeded, match=r"0\.2 seconds"):
            session(deadline=30).get(server.url(), deadline_seconds=0.2)
        with pytest.raises(DeadlineExceeded, match=r"0\.3 seconds"):
            session(deadline=0.3).get(server.url(), deadline_seconds=30)
        for none_left in (0.0, -1.0):
            with pytest.raises(DeadlineExceeded):
                session(deadline=30).get(server.url(), deadline_seconds=none_left)


@pytest.mark.parametrize(
    "behave",
    [
        floods(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"),
        floods(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        sends(packed(gzip.compress(b"0" * 50_000_000))),
        sends(packed(gzip.compress(b"0" * 600_000) * 2)),
        floods(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 3000),
    ],
    ids=["endless chunks", "endless body", "bomb", "bomb in members", "endless empty members"],
)
def test_a_body_past_the_cap_is_refused(behave: Behaviour) -> None:
    with serving(behave) as server, pytest.raises(BodyTooLarge) as caught:
        session(most=1_000_000).get(server.url())

    assert not caught.value.retry_is_useful


def test_a_bomb_is_never_unpacked_past_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = 0
    real = zlib.decompressobj

    class Watched:
        def __init__(self, bits: int) -> None:
            self.inner = real(bits)

        def decompress(self, piece: bytes, most: int) -> bytes:
            nonlocal longest
            part = self.inner.decompress(piece, most)
            longest = max(longest, len(part))
            return part

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

    monkeypatch.setattr("costinsights.core.http.bodies.zlib.decompressobj", Watched)
    with (
        serving(sends(packed(gzip.compress(b"0" * 50_000_000)))) as server,
        pytest.raises(BodyTooLarge),
    ):
        session(most=10_000).get(server.url())

    assert 0 < longest <= 10_001


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "zlib"])
def test_packed_answers_are_unpacked(pack: object) -> None:
    body = pack(b"x" * 5000)  # type: ignore[operator]  # both take bytes
    with serving(sends(packed(body))) as server:
        assert session().get(server.url()).body == b"x" * 5000


def test_a_body_of_exactly_the_cap_is_taken() -> None:
    with serving(replies(b"x" * 1000)) as server:
        assert len(session(most=1000).get(server.url()).body) == 1000


@pytest.mark.parametrize(
    "answer",
    [
        packed(gzip.compress(b"x" * 5000)[:-9]),
        packed(b"this is not gzip at all"),
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
    ],
    ids=["cut short", "not packed", "unknown packing"],
)
def test_a_body_that_cannot_be_unpacked_is_named(answer: bytes) -> None:
    with serving(sends(answer)) as server, pytest.raises(BodyUnreadable):
        session().get(server.url())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        CHUNKED + b"10\r\nhalf",
        CHUNKED + b"zz\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "body", "chunk", "chunk size", "ssh", "many headers", "long header"],
)
def test_an_answer_that_breaks_off_or_is_no_http_is_a_failed_connection(answer: bytes) -> None:
    with serving(sends(answer)) as server, pytest.raises(ConnectionFailed) as caught:
        session().get(server.url())

    assert caught.value.reason == "broken_off"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_redirects_are_not_followed(status: str) -> None:
    with serving(hangs) as inner:
        location = f"Location: {inner.url('/secret?sid=abc123')}"
        with (
            serving(replies(b"", status=status, headers=(location,))) as server,
            pytest.raises(RedirectRefused) as caught,
        ):
            session().get(server.url())

    assert inner.requests == []
    assert "127.0.0.1" in caught.value.message
    assert "abc123" not in caught.value.message


def test_nobody_listening_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(ConnectionFailed) as caught:
        session().get(f"http://127.0.0.1:{port}/")

    assert (caught.value.reason, caught.value.retry_is_useful) == ("refused", True)


def test_an_unknown_name_is_not_worth_a_retry_but_a_silent_name_server_is() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    silence = threading.Event()

    def silent(host: str, port: int) -> list[str]:
        silence.wait(20)
        return []

    with pytest.raises(NameNotResolved) as caught:
        SafeSession(policy(), resolver=unknown).get("http://nowhere.example/")
    assert not caught.value.retry_is_useful
    with pytest.raises(NameNotResolved) as caught:
        SafeSession(policy(connect=0.1), resolver=silent).get("http://slow.example/")
    assert caught.value.retry_is_useful
    silence.set()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "example.com",
        "http://",
        "http:///x",
        "http://user:pass@example.com/",
        "http://user@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com/\r\nX: y",
        "http://exa mple.com/",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://[::1/",
        "http://münchen.example/",
        "http://example.com/" + "a" * 20_000,
        "javascript:alert(1)",
        "",
    ],
)
def test_urls_we_do_not_ask_are_refused_before_any_lookup(url: str) -> None:
    def never(host: str, port: int) -> list[str]:
        raise AssertionError("looked up")

    with pytest.raises(RequestRefused):
        SafeSession(policy(), resolver=never).get(url)


def test_a_name_with_one_forbidden_address_is_refused_and_nothing_is_dialled() -> None:
    with serving(hangs) as server:
        bare = OutboundPolicy(deadline_seconds=5)
        mixed = SafeSession(bare, resolver=lambda host, port: ["93.184.216.34", "127.0.0.1"])
        with pytest.raises(AddressRefused) as caught:
            mixed.get(server.url(host="mixed.example"))

    assert server.requests == []
    assert not caught.value.retry_is_useful


def test_the_address_that_was_checked_is_the_one_that_is_dialled() -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"], ["169.254.169.254"]]
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    with serving(replies(b"right")) as server:
        reply = SafeSession(policy(), resolver=rebinding).get(server.url(host="rebind.example"))

    assert (reply.body, asked) == (b"right", ["rebind.example"])
    assert server.header("Host") == f"rebind.example:{server.port}"


def test_every_exchange_is_checked_anew() -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    def rebinding(host: str, port: int) -> list[str]:
        return answers.pop(0)

    with serving(replies(b"right")) as server:
        session = SafeSession(policy(), resolver=rebinding)
        session.get(server.url(host="rebind.example"))
        with pytest.raises(AddressRefused):
            session.get(server.url(host="rebind.example"))


def test_a_dead_address_is_passed_over_for_the_next() -> None:
    with serving(replies(b"second")) as server:
        both = SafeSession(policy(), resolver=lambda host, port: ["::1", "127.0.0.1"])
        assert both.get(server.url(host="two.example")).body == b"second"


def test_proxies_and_netrc_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(hangs) as proxy, serving(replies(b"direct")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        assert session().get(server.url()).body == b"direct"

    assert proxy.requests == []
    assert server.header("Authorization") == ""


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0b", "ключ"])
def test_headers_that_could_break_out_are_refused_without_repeating_them(value: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        SafeSession(policy(), auth_headers={"Authorization": value})

    assert value not in str(caught.value)


@pytest.mark.parametrize(
    "behave", [hangs, sends(b""), replies(b"", status="302 Found"), sends(b"junk\r\n\r\n")]
)
def test_credentials_are_sent_but_stand_in_no_error(behave: Behaviour) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    with serving(behave) as server, pytest.raises(OutboundError) as caught:
        SafeSession(policy(deadline=0.3), auth_headers=headers).get(server.url("/?q=private"))

    assert server.header("Authorization") == f"Bearer {SECRET}"
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error!r} {vars(error)}"
        assert "private" not in str(error)
        assert not hasattr(error, "request")
        error = error.__cause__ or error.__context__
