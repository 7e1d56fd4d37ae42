"""One exchange: its deadline, and connections that go only where the policy allows.

The check happens where the socket is opened, not before: the address that is checked is the address
that is dialled, while TLS and the Host header keep the name. That leaves no gap for a name server
that answers differently the second time.
"""

import contextlib
import os
import queue
import socket
import ssl
import threading
import time
from types import TracebackType
from typing import Any, Self

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

from costinsights.core.http.addresses import OutboundPolicy, Resolver, check_addresses
from costinsights.core.http.errors import ConnectionFailed, DeadlineExceeded, NameNotResolved


class Exchange:
    """The time one exchange has, and the watchdog that ends it.

    A socket's own timeout bounds one read, so a server that sends a byte now and then is never
    caught by it. The watchdog shuts the connection down, which wakes any read that waits on it.
    """

    def __init__(self, policy: OutboundPolicy, resolver: Resolver, seconds: float) -> None:
        self.policy = policy
        self._resolver = resolver
        self._seconds = seconds
        self._ends_at = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._expired = False
        self._watchdog = threading.Timer(max(seconds, 0), self._expire)
        self._watchdog.daemon = True

    def __enter__(self) -> Self:
        self._watchdog.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watchdog.cancel()
        with self._lock:
            for duplicate in self._sockets:
                duplicate.close()
            self._sockets.clear()

    @property
    def expired(self) -> bool:
        return self._expired or time.monotonic() >= self._ends_at

    @property
    def seconds_left(self) -> float:
        return max(self._ends_at - time.monotonic(), 0.001)

    def too_late(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"The other host did not finish its answer within {self._seconds:g} seconds."
        )

    def _expire(self) -> None:
        with self._lock:
            self._expired = True
            for duplicate in self._sockets:
                with contextlib.suppress(OSError):
                    duplicate.shutdown(socket.SHUT_RDWR)

    def _watch(self, connection: socket.socket) -> None:
        # A duplicate of our own: urllib3 wraps and closes its socket as it likes, and a shutdown
        # through a descriptor that has been reused would hit somebody else's connection.
        duplicate = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            self._sockets.append(duplicate)

    def open_socket(self, host: str, port: int) -> socket.socket:
        """Resolve, check, and connect to an address that was checked."""
        addresses = self._resolve(host, port)
        check_addresses(host, addresses, self.policy)
        ends_at = time.monotonic() + min(self.policy.connect_seconds, self.seconds_left)
        failure: OSError | None = None
        for address in addresses:
            left = ends_at - time.monotonic()
            if left <= 0:
                break
            try:
                return self._dial(address, port, left)
            except OSError as error:
                failure = error
        if self.expired:
            raise self.too_late()
        raise _connection_failed(host, port, failure)

    def _dial(self, address: str, port: int, seconds: float) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(seconds)
            connection.connect((address, port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._watch(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _resolve(self, host: str, port: int) -> list[str]:
        """Ask the resolver in a thread: getaddrinfo knows no timeout, and name servers can hang."""
        answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(list(self._resolver(host, port)))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        threading.Thread(target=ask, daemon=True, name="resolve").start()
        try:
            answer = answers.get(timeout=min(self.policy.connect_seconds, self.seconds_left))
        except queue.Empty:
            answer = socket.gaierror(socket.EAI_AGAIN, "the name server did not answer")
        if isinstance(answer, Exception) or not answer:
            again = getattr(answer, "errno", None) == socket.EAI_AGAIN
            raise NameNotResolved(
                f"The name {host} could not be looked up just now: the name server did not answer."
                if again
                else f"The name {host} is not known. Check the spelling of the address.",
                reason="name_server" if again else "unknown_name",
                retry_is_useful=again,
            )
        return answer


def _connection_failed(host: str, port: int, error: OSError | None) -> ConnectionFailed:
    if isinstance(error, ConnectionRefusedError):
        return ConnectionFailed(
            f"{host} refused the connection on port {port}: nothing listens there.",
            reason="refused",
        )
    if error is None or isinstance(error, TimeoutError):
        return ConnectionFailed(
            f"{host} did not answer on port {port}. A firewall may be in between.",
            reason="no_answer",
        )
    return ConnectionFailed(f"{host} cannot be reached on port {port}.", reason="unreachable")


class _PinnedHTTPConnection(HTTPConnection):
    exchange: Exchange

    def _new_conn(self) -> socket.socket:
        return self.exchange.open_socket(self._dns_host, self.port)


class _PinnedHTTPSConnection(HTTPSConnection):
    exchange: Exchange

    def _new_conn(self) -> socket.socket:
        return self.exchange.open_socket(self._dns_host, self.port)

    def send(self, data: Any) -> None:
        try:
            super().send(data)
        except BrokenPipeError:
            raise  # urllib3 reads on by itself
        except OSError as error:
            raise _alert_behind(error, self.sock) from None


def _alert_behind(failure: OSError, connection: object) -> OSError:
    """Why the server hung up while we sent, if it said so; else `failure` itself.

    A TLS 1.3 server judges a client's certificate after the handshake has ended for the client. Sending
    then fails without a reason, while the server's alert waits to be read.
    """
    if isinstance(connection, ssl.SSLSocket):
        try:
            connection.recv(1)
        except ssl.SSLEOFError:
            return failure
        except ssl.SSLError as alert:
            return alert
        except OSError:
            return failure
    return failure


class PinnedPoolManager(PoolManager):
    """Pools whose connections are opened by one exchange."""

    def __init__(self, exchange: Exchange, context: ssl.SSLContext) -> None:
        super().__init__(num_pools=1, maxsize=1, block=False)
        self._exchange = exchange
        self._context = context

    def _new_pool(
        self, scheme: str, host: str, port: int, request_context: dict[str, Any] | None = None
    ) -> HTTPConnectionPool:
        attributes = {"exchange": self._exchange}
        if scheme == "https":
            secure = HTTPSConnectionPool(host, port, maxsize=1, ssl_context=self._context)
            secure.ConnectionCls = type("Connection", (_PinnedHTTPSConnection,), attributes)
            return secure
        plain = HTTPConnectionPool(host, port, maxsize=1)
        plain.ConnectionCls = type("Connection", (_PinnedHTTPConnection,), attributes)
        return plain
