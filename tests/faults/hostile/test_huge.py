"""H2: ten ways to be too large. The reading stops at the cap, the process lives, and its memory stays small."""

import gzip
import os
import subprocess
import sys
import zlib
from contextlib import ExitStack
from functools import lru_cache

import pytest

from costinsights.local.state import PROJECT
from tests.fakes.opencost_rows import allocated_cost, envelope, wire_row
from tests.fakes.raw_servers import Behaviour, floods, replies, sends, serving
from tests.faults.hostile.huge import MOST_MEGABYTES

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
TOO_LARGE, INVALID = "opencost_answer_too_large", "opencost_answer_invalid"
HEAD = b'{"code":200,"data":[{'


def packed(name: str, body: bytes) -> Behaviour:
    head = f"Content-Encoding: {name}\r\nContent-Length: {len(body)}\r\n\r\n"
    return sends(OK + head.encode() + body)


@lru_cache(maxsize=1)
def zeros() -> bytes:
    """200 MB of nothing, packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b"0" * 2_000_000
    return b"".join(packer.compress(piece) for _ in range(100)) + packer.flush()


def many_keys() -> bytes:
    """A million members of one object, just below the cap."""
    return HEAD + b",".join(b'"%x":{}' % number for number in range(1_000_000)) + b"}]}"


def one_long_name() -> bytes:
    row = wire_row(allocated_cost("n" * 3_000_000))
    return envelope([{"x": row}])


def many_labels() -> bytes:
    labels = {f"label-{number}": "v" for number in range(500_000)}
    return envelope([{"x": wire_row(allocated_cost(labels=labels))}])


def deep(inside: str) -> bytes:
    return f'{{"code":200,"data":{inside * 100_000}'.encode()


WAYS: dict[str, tuple[Behaviour, str]] = {
    "200 MB of JSON": (floods(OK + b"\r\n" + HEAD, b'"a":{},' * 10_000), TOO_LARGE),
    "endless chunks": (floods(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"), TOO_LARGE),
    "a length of an exabyte": (
        floods(OK + b"Content-Length: 1000000000000000000\r\n\r\n", b" " * 65536),
        TOO_LARGE,
    ),
    "a gzip bomb": (packed("gzip", zeros()), TOO_LARGE),
    "a deflate bomb": (packed("deflate", zlib.compress(b"0" * 50_000_000)), TOO_LARGE),
    "empty gzip members for ever": (
        floods(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 3000),
        TOO_LARGE,
    ),
    "a million keys": (replies(many_keys()), TOO_LARGE),
    "100,000 deep lists": (replies(deep("[")), INVALID),
    "a name of 3 MB": (replies(one_long_name()), INVALID),
    "500,000 labels of one row": (replies(many_labels()), "1"),
}


@pytest.fixture(scope="module")
def results() -> dict[str, tuple[str, int]]:
    """What became of each: one process, so that Django is loaded once."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(behave)) for behave, _ in WAYS.values()]
        done = subprocess.run(  # noqa: S603  # our own program
            [
                *(sys.executable, "-m", "tests.faults.hostile.huge"),
                *(server.url("") for server in servers),
            ],
            cwd=PROJECT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "costinsights.settings"},
            capture_output=True,
            text=True,
            timeout=240,
            check=True,
        )
    lines = (line.split() for line in done.stdout.splitlines())
    return {way: (found, int(grown)) for way, (found, grown) in zip(WAYS, lines, strict=True)}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_too_large_ends_at_the_cap_and_costs_little_memory(
    way: str, results: dict[str, tuple[str, int]]
) -> None:
    found, megabytes = results[way]
    assert found == WAYS[way][1]
    assert megabytes <= MOST_MEGABYTES
