"""Thousands of broken answers: each is refused by name, or every number in it is right.

OPENCOST_FUZZ_CASES sets how many (2,500 unless told).
"""

import gzip
import json
import math
import os
import random
from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from ipaddress import ip_network
from typing import Any

import pytest

from costinsights.core.http import OutboundPolicy
from costinsights.core.money import MAX_MICROS
from costinsights.core.periods import ChargePeriod
from costinsights.opencost.client import Endpoint, OpenCostClient
from costinsights.opencost.errors import OpenCostError
from costinsights.opencost.rows import COMPONENTS, AllocatedCost
from costinsights.opencost.schema import decode_allocations
from tests.contract.mutants import mutant, recordings
from tests.fakes.raw_servers import Behaviour, dribbles, floods, hangs, replies, sends, serving
from tests.figures import count

CASES = int(os.environ.get("OPENCOST_FUZZ_CASES", "2500"))
SEED = 20260923
RECORDINGS = recordings()
BOMB = gzip.compress(b" " * 10_000_000)
POLICY = OutboundPolicy(
    allowed_networks=(ip_network("127.0.0.0/8"),), deadline_seconds=0.4, max_body_bytes=200_000
)
WIRE = ("cpuCost", "ramCost", "gpuCost", "pvCost", "networkCost", "loadBalancerCost", "sharedCost", "externalCost")  # fmt: skip
FLOATS = (
    *("minutes", "cpu_core_hours", "ram_byte_hours", "gpu_hours", "pv_byte_hours"),
    *("cpu_request", "cpu_usage", "ram_request", "ram_usage"),
)


def read_independently(body: bytes) -> list[dict[str, Any]]:
    """The rows of a body, read by another decoder, with every number exact."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs) or not _matters(pairs)
        return dict(pairs)

    def _matters(pairs: list[tuple[str, Any]]) -> bool:
        """Whether a doubled name is one we read; elsewhere the last of two is as good as any."""
        doubled = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
        return any(
            name in WIRE or name in ("totalCost", "window", "properties") for name in doubled
        )

    document = json.loads(body, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=unique)
    if document["code"] != 200:
        return []
    return [row for rows in document["data"] or [] for row in (rows or {}).values()]


def exact_micros(cost: Any) -> int:
    return (
        int((Decimal(repr(float(cost))) * 1_000_000).to_integral_value(ROUND_HALF_EVEN))
        if cost
        else 0
    )


def assert_right(row: AllocatedCost, wire: dict[str, Any], period: ChargePeriod) -> None:
    assert row.window == period
    for part, name in zip(COMPONENTS, WIRE, strict=True):
        cost, adjustment = wire.get(name), wire.get(f"{name}Adjustment", 0)
        assert type(row.cost_of(part)) is int
        if part in ("shared", "external"):
            adjustment = 0
        assert row.cost_of(part) == exact_micros(cost) + exact_micros(adjustment)
        assert abs(row.cost_of(part)) <= 2 * MAX_MICROS
        assert (part in row.unknown) == (cost is None or adjustment is None)
    assert row.total == sum(row.cost_of(part) for part in COMPONENTS)
    reported = wire.get("totalCost")
    assert row.reported_total == (None if reported is None else exact_micros(reported))
    numbers = [getattr(row, name) for name in FLOATS]
    assert all(number is None or (math.isfinite(number) and number >= 0) for number in numbers)
    json.dumps([row.cluster, row.namespace, row.labels, row.annotations]).encode()
    assert "\0" not in f"{row.cluster}{row.namespace}{row.pod}{row.labels}{row.annotations}"


def assert_refused_or_right(body: bytes, period: ChargePeriod, rows: list[AllocatedCost]) -> None:
    wires = read_independently(body)
    assert len(rows) == len(wires)
    for row, wire in zip(rows, wires, strict=True):
        assert_right(row, wire, period)


@pytest.mark.slow
def test_every_mutant_is_refused_by_name_or_right_to_the_last_digit() -> None:
    outcomes: Counter[str] = Counter()
    messages: list[str] = []
    for case in range(CASES):
        dice = random.Random(f"{SEED}-{case}")
        recording = dice.choice(RECORDINGS)
        body = mutant(recording, dice)
        try:
            rows = decode_allocations(body, period=recording.period).rows
        except OpenCostError as error:
            messages.append(error.message)
            outcomes[error.reason] += 1
            continue
        assert_refused_or_right(body, recording.period, rows)
        outcomes["taken"] += 1
    count("mutants of recorded OpenCost answers", CASES)
    assert all(message and len(message) < 1000 for message in messages)
    assert outcomes["taken"] > 0
    assert len(outcomes) > 5


def _on_the_wire(body: bytes, dice: random.Random) -> tuple[str, Behaviour]:
    """A way to deliver `body` that a broken server or gateway might choose."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    packed = gzip.compress(body)
    gzipped = head + b"Content-Encoding: gzip\r\n\r\n"
    ways: dict[str, Behaviour] = {
        "whole": replies(body),
        "any type": replies(body, content_type="text/plain; charset=utf-16"),
        "gzip": sends(gzipped, packed),
        "gzip cut": sends(gzipped, packed[: dice.randrange(len(packed))]),
        "bomb": sends(gzipped, BOMB),
        "too long": sends(head + b"Content-Length: 10000000\r\n\r\n", body),
        "too short": sends(head + f"Content-Length: {len(body) // 2}\r\n\r\n".encode(), body),
        "until close": sends(head + b"\r\n", body[: dice.randrange(len(body) + 1)]),
        "bad chunks": sends(head + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\n" + body),
        "status": replies(
            body, status=dice.choice(["500 E", "400 B", "503 U", "204 N", "403 F", "600 X"])
        ),
        "redirect": replies(body, status="302 Found", headers=("Location: /allocation/compute",)),
        "html": replies(b"<html>" + body, content_type="text/html"),
        "flood": floods(head + b"\r\n", b" " * 65536),
        "slow": dribbles(head + b"\r\n", b" "),
        "hang": hangs,
        "no http": sends(body),
    }
    rare = ("slow", "hang")
    names = [name for name in ways for _ in range(1 if name in rare else 4)]
    name = dice.choice(names)
    return name, ways[name]


@pytest.mark.slow
def test_every_broken_delivery_ends_in_a_named_error_or_the_right_rows() -> None:
    cases = max(CASES // 10, 50)
    outcomes: Counter[str] = Counter()
    current: list[Behaviour] = []
    with serving(lambda connection: current[-1](connection)) as server:
        endpoint = Endpoint(base_url=server.url())
        client = OpenCostClient(endpoint, endpoint.session(POLICY), attempts=1)
        for case in range(cases):
            dice = random.Random(f"{SEED}-wire-{case}")
            recording = dice.choice(RECORDINGS)
            good = json.dumps(recording.document).encode()
            body = mutant(recording, dice) if dice.random() < 0.5 else good
            name, behave = _on_the_wire(body, dice)
            current.append(behave)
            try:
                rows = client.allocations(recording.period).rows
            except OpenCostError:
                outcomes[f"{name}: refused"] += 1
                continue
            assert name in ("whole", "any type", "gzip", "until close", "too short", "status"), name
            if name in ("whole", "any type", "gzip"):
                assert_refused_or_right(body, recording.period, rows)
            outcomes[f"{name}: taken"] += 1
    count("broken deliveries over sockets", cases)
    assert outcomes["whole: taken"] > 0
    assert outcomes["bomb: refused"] > 0
