"""`python -m costinsights.local.demo_opencost --port 9003`: serve the demo clusters until stopped."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence

from costinsights.local.demo_opencost import CLUSTERS, DemoServer, Fault


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line. Ends on SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="demo_opencost", description=__doc__)
    parser.add_argument("--port", type=int, default=9003, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--cluster",
        action="append",
        choices=sorted(CLUSTERS),
        help="may be repeated; default: all, each under its own path prefix",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fault", choices=[fault.value for fault in Fault], default=Fault.NONE)
    parser.add_argument("--token", default="", help="require it as bearer, basic or X-Api-Key")
    parser.add_argument("--quiet", action="store_true", help="do not log requests")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.WARNING if chosen.quiet else logging.INFO, format="%(asctime)s %(message)s"
    )
    demo = DemoServer(
        chosen.cluster or (),
        port=chosen.port,
        host=chosen.host,
        seed=chosen.seed,
        fault=chosen.fault,
        token=chosen.token,
    )
    stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stop.set())
    demo.start()
    for cluster in demo.clusters:
        sys.stdout.write(f"demo OpenCost of {cluster}: {demo.url(cluster)}\n")
    sys.stdout.flush()
    stop.wait()
    demo.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
