"""Many workspaces with a cluster or more each, one OpenCost that answers for all of them, and real workers."""

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from costinsights.core.periods import HOUR, ChargePeriod, utc_hour
from costinsights.core.tenancy import TenantLike, tenant_context
from costinsights.local.processes import wait_until
from costinsights.local.state import PROJECT
from tests.fakes.opencost_rows import allocated_cost, wire_answer


@dataclass
class Fleet:
    """An OpenCost with a path for each cluster: each answers after `seconds`, those in `hanging` never."""

    seconds: float
    hanging: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    url: str = ""
    _at_once: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, target: str) -> bytes | None:
        """The body for a request; None when nobody is to answer."""
        parts = urlsplit(target)
        name = parts.path.split("/")[1]
        with self._lock:
            self.asked[name] += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if name in self.hanging:
                self._stopping.wait(60)
                return None
            self._stopping.wait(self.seconds)
        finally:
            with self._lock:
                self._at_once -= 1
        if not parts.path.endswith("/allocation/compute"):
            return b'{"version": "1.121.0"}'
        return _body(parse_qs(parts.query)["window"][0])

    @contextlib.contextmanager
    def serving(self) -> Iterator["Fleet"]:
        """On a free port for as long as the block lasts."""
        fleet = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = fleet.answer(self.path)
                if body is None:
                    return
                with contextlib.suppress(OSError):
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

        with Server(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self._stopping.set()
                server.shutdown()
                thread.join(10)


@lru_cache(maxsize=64)
def _body(window: str) -> bytes:
    period = ChargePeriod.parse(*window.split(","))
    return wire_answer(*(allocated_cost(f"namespace-{n}", "1.5", period) for n in range(40)))


def last_closed_hour(now: dt.datetime) -> dt.datetime:
    """The start of the newest hour that is planned."""
    return utc_hour(now - dt.timedelta(minutes=15)) - HOUR


def connect(tenant: TenantLike, names: Iterable[str], fleet: Fleet, hour: dt.datetime) -> None:
    """Clusters of a workspace of which exactly one window is planned: this hour."""
    from costinsights.costs.history.models import IngestState
    from costinsights.costs.models import Cluster

    with tenant_context(tenant):
        clusters = Cluster.objects.bulk_create(
            Cluster(name=name, slug=name, opencost_url=f"{fleet.url}/{name}", currency="USD")
            for name in names
        )
        IngestState.objects.bulk_create(
            # Hours are planned from two days before.
            IngestState(cluster=cluster, stored_since=hour + 48 * HOUR, reread_on=dt.date.max)
            for cluster in clusters
        )


@dataclass(frozen=True)
class Read:
    """One window as it stands after a round."""

    cluster: str
    is_read: bool
    attempt: int
    rows: int
    at: dt.datetime | None


def windows(tenants: Sequence[TenantLike], hour: dt.datetime) -> list[Read]:
    """The hour's window of every cluster of these workspaces."""
    from costinsights.costs.history.models import Snapshot

    found = []
    for tenant in tenants:
        with tenant_context(tenant):
            rows = Snapshot.objects.filter(window_start=hour).values_list(
                "cluster__slug", "due_at", "revision", "attempt", "rows", "read_at"
            )
            found += [
                Read(slug, due is None and revision > 0, attempt, count, read_at)
                for slug, due, revision, attempt, count, read_at in rows
            ]
    return found


@contextlib.contextmanager
def working(directory: Path, **settings: str) -> Iterator[None]:
    """The product's two workers, ready; ended by the end of the block."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "costinsights.settings", **settings}
    started = []
    try:
        for name, queues in (("worker", "celery,history"), ("slow-worker", "slow")):
            log = directory / f"{name}.log"
            with log.open("wb") as output:
                process = subprocess.Popen(  # noqa: S603  # our own program
                    [
                        *(sys.executable, "-m", "celery", "-A", "costinsights.celery", "worker"),
                        *("--queues", queues, "--concurrency", "2", "-l", "INFO"),
                        *("--without-gossip", "--without-mingle", "--hostname", f"{name}@%h"),
                    ],
                    cwd=PROJECT,
                    env=environment,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            started.append((process, log))
        for process, log in started:
            ready = wait_until(
                lambda log=log: b" ready." in log.read_bytes(),  # type: ignore[misc]  # a default keeps the log
                seconds=90,
            )
            assert ready, log.read_text()[-3000:]
            assert process.poll() is None
        yield
    finally:
        for process, _ in started:
            with contextlib.suppress(ProcessLookupError):  # the session's id: our own
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)
