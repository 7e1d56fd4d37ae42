"""A FakeOpenCost behind HTTP on a free port, speaking OpenCost's JSON."""

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from costinsights.core.periods import ChargePeriod
from costinsights.opencost.filters import FilterSyntaxError, parse_filter
from tests.fakes.opencost import FakeOpenCost
from tests.fakes.opencost_rows import envelope, wire_answer


@dataclass
class OpenCostServer:
    """Where the server is and which request lines it saw. `token`, when set, is asked for."""

    fake: FakeOpenCost
    prefix: str = ""
    token: str = ""
    url: str = ""
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def answer(self, target: str, authorization: str) -> tuple[int, bytes]:
        """Status and body for one request target."""
        parts = urlsplit(target)
        if self.token and authorization != f"Bearer {self.token}":
            return 401, b"who are you?"
        if not parts.path.startswith(f"{self.prefix}/"):
            return 200, b"<!doctype html><title>OpenCost</title>"
        route = parts.path.removeprefix(self.prefix)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if route == "/installInfo":
            return 200, json.dumps({"containers": [], "version": self.fake.version}).encode()
        if route == "/clusterInfo" and self.fake.cluster is not None:
            about = self.fake.cluster
            data = {"id": about.id, "name": about.name, "provider": about.provider}
            return 200, envelope(data)
        if route == "/prometheusConfig" and self.fake.prometheus:
            return 200, envelope({"address": "http://prometheus-server"})
        if route == "/allocation/compute":
            return self._allocation(query)
        return 404, b"404 page not found\n"

    def _allocation(self, query: dict[str, str]) -> tuple[int, bytes]:
        try:
            scope = parse_filter(query["filter"]) if "filter" in query else None
        except FilterSyntaxError as error:
            return 500, envelope(None, code=500, message=f"invalid filter: {error}")
        answer = self.fake.allocations(
            ChargePeriod.parse(*query["window"].split(",")),
            include_idle=query.get("includeIdle") == "true",
            scope=scope,
            aggregate=query["aggregate"].split(","),
        )
        return 200, wire_answer(*answer.rows)


@contextlib.contextmanager
def serving_opencost(
    fake: FakeOpenCost, *, prefix: str = "", token: str = "", tls: ssl.SSLContext | None = None
) -> Iterator[OpenCostServer]:
    """The fake at `.url` (with its path prefix) while the context lasts; over HTTPS with `tls`."""
    server = OpenCostServer(fake, prefix=prefix, token=token)

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ssl.SSLError):  # a client that was not let in
                super().handle()

        def do_GET(self) -> None:
            server.paths.append(self.path)
            server.headers.append(dict(self.headers.items()))
            status, body = server.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            html = body.startswith(b"<")
            self.send_header("Content-Type", "text/html" if html else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests read what the server saw from `paths`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        if tls is not None:
            # The handshake is left to each connection's own thread: one that fails ends only that.
            http.socket = tls.wrap_socket(
                http.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        scheme = "http" if tls is None else "https"
        server.url = f"{scheme}://127.0.0.1:{http.server_port}{prefix}"
        try:
            yield server
        finally:
            http.shutdown()
            thread.join(timeout=5)
