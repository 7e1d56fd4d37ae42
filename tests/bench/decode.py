"""How long our decoding of an allocation answer takes, beside plain json.loads of the same bytes.

Run: python -m tests.bench.decode [rows]. Prints; asserts nothing.
"""

import json
import random
import sys
import time
from collections.abc import Callable

from costinsights.opencost.schema import decode_allocations
from tests.fakes.opencost_rows import DAY, allocated_cost, envelope, wire_row

ROUNDS = 7


def body_of(rows: int) -> bytes:
    """An answer with `rows` container rows, about 2.5 kB each, as OpenCost's own fields go."""
    dice = random.Random(7)  # numbers for a benchmark
    padding = dict.fromkeys(("gpuEfficiency", "networkTransferBytes", "networkReceiveBytes"), 0)
    named = {}
    for number in range(rows):
        labels = {f"label_{index}_of_many": f"value-{number % 40}-{index}" for index in range(18)}
        row = allocated_cost(
            f"namespace-{number % 60}",
            f"{dice.uniform(0, 9):.5f}",
            pod=f"workload-{number // 3}-5d9f7c9b4-x{number % 997}",
            container=f"container-{number % 3}",
            node=f"node-{number % 50}",
            labels=labels,
            ram_cost=dice.randrange(0, 9_000_000, 10),
        )
        named[str(number)] = wire_row(row) | padding | {"pvs": None, "lbAllocations": None}
        named[str(number)]["properties"]["namespaceLabels"] = labels
    return envelope([named])


def fastest(call: Callable[[], object]) -> float:
    """The shortest of several runs, in seconds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Print both times and their ratio."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    body = body_of(rows)
    ours = fastest(lambda: decode_allocations(body, period=DAY))
    plain = fastest(lambda: json.loads(body))
    sys.stdout.write(
        f"{rows:,} rows, {len(body) / 1e6:.1f} MB: decoded to exact rows in {ours * 1000:.0f} ms, "
        f"json.loads alone {plain * 1000:.0f} ms, ratio {ours / plain:.2f}\n"
    )


if __name__ == "__main__":
    main()
