"""In a process of its own: read a window from each address, and tell how much memory that took at most.

    python -m tests.faults.hostile.huge http://127.0.0.1:1234 …

Each address is read by a fork with a worker's limit of 100 MB more than it began with. Prints a line for each: the error's
code or the number of rows, and by how many megabytes the resident set grew; "killed" for a fork that did not come back.
"""

import os
import resource
import sys

MOST_MEGABYTES = 100


def main(urls: list[str]) -> None:
    """One line for each address."""
    for url in urls:
        sys.stdout.flush()
        child = os.fork()
        if not child:
            sys.stdout.write(_read(url))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write("\n" if status == 0 else "killed 0\n")


def _read(url: str) -> str:
    """Decode and add up as the ingest does, with a cap of 16 MB; the database is not needed for it."""
    from ipaddress import ip_network

    from costinsights.core.errors import ApplicationError
    from costinsights.core.garbage import limit_memory
    from costinsights.core.http import OutboundPolicy
    from costinsights.costs.history.facts import StoredKeys, window_facts
    from costinsights.opencost.client import AuthKind, Endpoint, OpenCostClient
    from tests.fakes.opencost_rows import DAY

    policy = OutboundPolicy(
        allowed_networks=(ip_network("127.0.0.0/8"),),
        deadline_seconds=30,
        max_body_bytes=16 * 1024 * 1024,
    )
    client = OpenCostClient.open(Endpoint(base_url=url, auth=AuthKind.NONE), policy)
    limit_memory(_held("VmData") + MOST_MEGABYTES)
    before = _held("VmRSS")
    try:
        found = str(len(window_facts(client.allocations(DAY).rows, StoredKeys()).facts))
    except ApplicationError as error:
        found = error.code
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return f"{found} {max(0, peak - before)}"


def _held(what: str) -> int:
    """Megabytes of this process, as the kernel counts them."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(what)) // 1024


if __name__ == "__main__":
    import django

    django.setup()
    main(sys.argv[1:])
