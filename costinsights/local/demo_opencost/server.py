"""The demo's HTTP server: several clusters in one process, each under a path prefix of its own.

with DemoServer(["prod-eu-1"]) as demo:
    requests.get(demo.url("prod-eu-1") + "/allocation/compute?window=today")
"""

import base64
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import parse_qs, urlsplit

from costinsights.local.demo_opencost.faults import GZIP_FROM_BYTES, Fault, compressed, disturbed
from costinsights.opencost.sample.answers import Answer, DemoCluster, not_found
from costinsights.opencost.sample.catalogue import CLUSTERS

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


class Source(Protocol):
    """Something that answers as one OpenCost: a demo cluster or a recording."""

    def answer(self, path: str, parameters: Mapping[str, str], *, now: datetime) -> Answer:
        """The answer to GET path?parameters at `now`."""
        ...


class OpenCostServer:
    """Serves sources on 127.0.0.1, each under its prefix. Start it, or use it as a context manager.

    `port=0` takes a free port. `now` can be replaced in tests. `fault` may be changed while the server
    runs. With `token`, every request but /healthz needs it as bearer, as basic password or in X-Api-Key.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        fault: Fault | str = Fault.NONE,
        token: str = "",
        now: Callable[[], datetime] = utc_now,
        slow_seconds: float = _SLOW_SECONDS,
    ) -> None:
        self.sources = dict(sources)
        self.fault = Fault(fault)
        self.token = token
        self.now = now
        self.slow_seconds = slow_seconds
        self.requests: deque[str] = deque(maxlen=1000)  # paths asked for, for tests
        self.stopping = threading.Event()
        self._http = _Server((host, port), _Handler)
        self._http.demo = self
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    def url(self, prefix: str) -> str:
        """The base URL to connect a cluster with."""
        return f"http://127.0.0.1:{self.port}/{prefix}"

    def start(self) -> Self:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

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

    def source(self, prefix: str) -> Source:
        """The source behind a prefix."""
        return self.sources[prefix]

    def answer(self, path: str, query: str) -> Answer:
        """Route a request to its source. Without a prefix the only source answers."""
        first, _, rest = path.lstrip("/").partition("/")
        if first in self.sources:
            prefix, route = first, f"/{rest}"
        elif path == "/healthz" or len(self.sources) == 1:
            prefix, route = next(iter(self.sources)), path
        else:
            return not_found()
        parameters = {name: values[0] for name, values in parse_qs(query).items()}
        answer = self.source(prefix).answer(route, parameters, now=self.now())
        return disturbed(self.fault, route, answer)

    def admits(self, headers: Mapping[str, str], path: str) -> bool:
        """Whether a request carries the credentials asked for. Header names are lower-case."""
        token = self.token or (DEMO_TOKEN if self.fault == Fault.UNAUTHORIZED else "")
        if not token or path.endswith("/healthz"):
            return True
        return any(
            headers.get(name.lower()) == value
            for name, value in accepted_credentials(token).items()
        )


class DemoServer(OpenCostServer):
    """Serves demo clusters, all of them unless some are named."""

    def __init__(
        self,
        clusters: Sequence[str] = (),
        *,
        seed: int = 1,
        port: int = 0,
        host: str = "127.0.0.1",
        fault: Fault | str = Fault.NONE,
        token: str = "",
        now: Callable[[], datetime] = utc_now,
        slow_seconds: float = _SLOW_SECONDS,
    ) -> None:
        unknown = [name for name in clusters if name not in CLUSTERS]
        if unknown:
            known = ", ".join(CLUSTERS)
            raise ValueError(f"no such demo cluster: {', '.join(unknown)}; have {known}")
        self.clusters = tuple(clusters) or tuple(CLUSTERS)
        self.seed = seed
        super().__init__(
            {name: DemoCluster(name, seed) for name in self.clusters},
            port=port,
            host=host,
            fault=fault,
            token=token,
            now=now,
            slow_seconds=slow_seconds,
        )

    def source(self, prefix: str) -> Source:
        """The cluster; under the fault of null totals one that has lost a load balancer's price."""
        return DemoCluster(prefix, self.seed, self.fault == Fault.NULL_TOTALS)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    demo: OpenCostServer


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
