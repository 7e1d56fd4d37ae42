"""The demo's HTTP server: several clusters in one process, each under a path prefix of its own.

with DemoServer(["prod-eu-1"]) as demo:
    requests.get(demo.url("prod-eu-1") + "/allocation/compute?window=today")
"""

import base64
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from costinsights.local.demo_opencost.answers import Answer, DemoCluster, not_found
from costinsights.local.demo_opencost.catalogue import CLUSTERS
from costinsights.local.demo_opencost.faults import GZIP_FROM_BYTES, Fault, compressed, disturbed

log = logging.getLogger(__name__)
DEMO_TOKEN = "demo-token"  # noqa: S105 - printed on purpose; it protects nothing
_DROPS = 20
_SLOW_SECONDS = 5.0


def utc_now() -> datetime:
    return datetime.now(UTC)


def accepted_credentials(token: str) -> dict[str, str]:
    """The headers any one of which opens a protected demo: bearer, basic (user `demo`), custom."""
    basic = base64.b64encode(f"demo:{token}".encode()).decode()
    return {
        "Authorization": f"Bearer {token}",
        "authorization": f"Basic {basic}",
        "X-Api-Key": token,
    }


class DemoServer:
    """Serves demo clusters on 127.0.0.1. Start it, or use it as a context manager.

    `port=0` takes a free port. `now` can be replaced in tests. `fault` may be changed while the server
    runs. With `token`, every request but /healthz needs it as bearer, as basic password or in X-Api-Key.
    """

    def __init__(
        self,
        clusters: Sequence[str] = (),
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        seed: int = 1,
        fault: Fault | str = Fault.NONE,
        token: str = "",
        now: Callable[[], datetime] = utc_now,
        slow_seconds: float = _SLOW_SECONDS,
    ) -> None:
        chosen = tuple(clusters) or tuple(CLUSTERS)
        unknown = [name for name in chosen if name not in CLUSTERS]
        if unknown:
            raise ValueError(
                f"no such demo cluster: {', '.join(unknown)}; have {', '.join(CLUSTERS)}"
            )
        self.clusters = chosen
        self.seed = seed
        self.fault = Fault(fault)
        self.token = token
        self.now = now
        self.slow_seconds = slow_seconds
        self.requests: list[str] = []  # paths asked for, for tests
        self.stopping = threading.Event()
        self._http = _Server((host, port), _Handler)
        self._http.demo = self
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    def url(self, cluster: str) -> str:
        """The base URL to connect a cluster with."""
        return f"http://127.0.0.1:{self.port}/{cluster}"

    def start(self) -> Self:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def serve_forever(self) -> None:
        """Serve in this thread until `stop` is called from another."""
        self._http.serve_forever()

    def stop(self) -> None:
        """End hanging answers, stop serving, free the port."""
        self.stopping.set()
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def answer(self, path: str, query: str) -> Answer:
        """Route a request to its cluster. Without a prefix the only cluster answers."""
        first, _, rest = path.lstrip("/").partition("/")
        if first in self.clusters:
            cluster, route = first, f"/{rest}"
        elif path == "/healthz" or len(self.clusters) == 1:
            cluster, route = self.clusters[0], path
        else:
            return not_found()
        parameters = {name: values[0] for name, values in parse_qs(query).items()}
        demo = DemoCluster(cluster, self.seed, self.fault == Fault.NULL_TOTALS)
        return disturbed(self.fault, route, demo.answer(route, parameters, now=self.now()))

    def admits(self, headers: "dict[str, str]", path: str) -> bool:
        """Whether a request carries the credentials asked for. Header names are lower-case."""
        token = self.token or (DEMO_TOKEN if self.fault == Fault.UNAUTHORIZED else "")
        if not token or path.endswith("/healthz"):
            return True
        return any(
            headers.get(name.lower()) == value
            for name, value in accepted_credentials(token).items()
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    demo: DemoServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        demo = self.server.demo
        parts = urlsplit(self.path)
        demo.requests.append(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if demo.fault == Fault.HANG:
            demo.stopping.wait()
            self.close_connection = True
            return
        if not demo.admits(headers, parts.path):
            self._send(Answer(401, "text/plain; charset=utf-8", b"401 Unauthorized\n"), demo.fault)
            return
        self._send(demo.answer(parts.path, parts.query), demo.fault)

    def _send(self, answer: Answer, fault: Fault) -> None:
        if fault == Fault.REDIRECT:
            self.send_response(302)
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = answer.body
        squeeze = (
            fault == Fault.GZIP
            and len(body) >= GZIP_FROM_BYTES
            and "gzip" in self.headers.get("Accept-Encoding", "")
        )
        body = compressed(body) if squeeze else body
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        if squeeze:
            self.send_header("Content-Encoding", "gzip")
        if answer.status == 401:
            self.send_header("WWW-Authenticate", 'Bearer realm="opencost"')
        self.end_headers()
        self._write(body, fault)

    def _write(self, body: bytes, fault: Fault) -> None:
        if fault == Fault.TRUNCATED:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        if fault != Fault.SLOW:
            self.wfile.write(body)
            return
        demo = self.server.demo
        size = len(body) // _DROPS + 1
        for start in range(0, len(body), size):
            if demo.stopping.wait(demo.slow_seconds / _DROPS):
                self.close_connection = True
                return
            self.wfile.write(body[start : start + size])
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        log.info(format, *args)
