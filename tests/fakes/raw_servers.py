"""Servers on real sockets that behave well or badly, each in a thread, for as long as a test needs them."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

Behaviour = Callable[[socket.socket], None]


class RawServer:
    """What a test sees of a running server: where it is and what it was sent."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.stopping = threading.Event()

    def url(self, path: str = "/", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def header(self, name: str, *, of: int = -1) -> str:
        """A header of one of the requests, or an empty text."""
        for line in self.requests[of].decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return ""


@contextlib.contextmanager
def serving(behave: Behaviour, *, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Read each request's head, then let `behave` do as it likes with the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(listener)
        listener.settimeout(0.05)
        threads: list[threading.Thread] = []

        def handle(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                connection.settimeout(20)
                secured = connection
                if tls is not None:
                    secured = tls.wrap_socket(connection, server_side=True)
                with secured:
                    server.requests.append(_read_head(secured))
                    behave(secured)

        def accept() -> None:
            while not server.stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = listener.accept()
                    thread = threading.Thread(target=handle, args=(connection,), daemon=True)
                    thread.start()
                    threads.append(thread)

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield server
        finally:
            server.stopping.set()
            acceptor.join(timeout=5)
            for thread in threads:
                thread.join(timeout=5)


def _read_head(connection: socket.socket) -> bytes:
    head = b""
    # A TLS hello (it begins with 0x16) is all that comes to a server that does not speak TLS.
    while b"\r\n\r\n" not in head and not head.startswith(b"\x16"):
        piece = connection.recv(65536)
        if not piece:
            break
        head += piece
    return head


def replies(
    body: bytes,
    *,
    status: str = "200 OK",
    content_type: str = "application/json",
    headers: tuple[str, ...] = (),
) -> Behaviour:
    """One well-formed answer."""

    def behave(connection: socket.socket) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}"]
        lines += [f"Content-Length: {len(body)}", *headers]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return behave


def sends(*pieces: bytes) -> Behaviour:
    """Exactly these bytes, then the end."""

    def behave(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return behave


def dribbles(start: bytes, drop: bytes) -> Behaviour:
    """`start`, and then `drop` again and again until the other side gives up."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(start)
        # A wait that is never met paces the drops; the loop ends when the client hangs up.
        pace = threading.Event()
        while True:
            connection.sendall(drop)
            pace.wait(0.02)

    return behave


def floods(start: bytes, piece: bytes) -> Behaviour:
    """`start`, and then `piece` as fast as the other side takes it, for ever."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return behave


def hangs(connection: socket.socket) -> None:
    """Say nothing until the client hangs up."""
    connection.recv(1)
