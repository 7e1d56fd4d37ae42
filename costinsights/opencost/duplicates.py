"""Names that stand twice in one JSON object, where a decoder silently takes the last.

Counting bytes is cheap and enough to see that nothing is doubled; only when a count looks wrong (which a
label named like a cost also causes) is the answer read again, slowly, to be sure.
"""

import json
from typing import Any

_ONCE_IN_A_ROW = tuple(
    f'"{name}"'.encode()
    for name in (
        "totalCost",
        "window",
        "properties",
        "cpuCost",
        "ramCost",
        "gpuCost",
        "pvCost",
        "networkCost",
        "loadBalancerCost",
        "sharedCost",
        "externalCost",
    )
)
_HEAD_BYTES = 256 * 1024


class _Doubled(Exception):
    """Found one; ends the slow reading."""


def holds_duplicates(body: bytes, rows: int) -> bool:
    """Whether an answer of so many decoded rows has a name twice in one object.

    A row whose key is doubled is missing from `rows`, so the count of its names is too high.
    """
    if not _may_hold_duplicates(body, rows):
        return False
    try:
        json.loads(body, object_pairs_hook=_refuse_doubled)
    except (_Doubled, ValueError, RecursionError):
        # What only the fast decoder can read is not vouched for either.
        return True
    return False


def _refuse_doubled(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise _Doubled


def _may_hold_duplicates(body: bytes, rows: int) -> bool:
    """Whether a name that belongs once in a row may stand there twice.

    All rows of an answer have the same names, so one doubled cost breaks the count of them all;
    one that is doubled in every row shows in the first rows.
    """
    if rows == 0 or len(body) <= _HEAD_BYTES:
        return any(body.count(name) > rows for name in _ONCE_IN_A_ROW)
    head = body[:_HEAD_BYTES]
    begun = head.count(b'"totalCost"') + 1
    return (
        body.count(b'Cost"') % rows != 0
        or any(body.count(name) > rows for name in _ONCE_IN_A_ROW[:3])
        or any(head.count(name) > begun for name in _ONCE_IN_A_ROW)
    )
