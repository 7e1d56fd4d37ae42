"""Broken and odd versions of real answers, each a pure function of its seed."""

import copy
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from costinsights.core.periods import ChargePeriod

DATA = Path(__file__).resolve().parent.parent / "data" / "opencost"
Document = dict[str, Any]
Slot = tuple[Any, Any]  # a container and the key or index in it


@dataclass(frozen=True)
class Recording:
    """A recorded answer, cut to the rows of one window."""

    name: str
    period: ChargePeriod
    document: Document


def recordings() -> list[Recording]:
    """The recorded answers by window. Rows spliced in from another window are left out."""
    found: list[Recording] = []
    for path in sorted(DATA.glob("*.json")):
        document = json.loads(path.read_bytes())
        for number, allocation_set in enumerate(document["data"]):
            first = next(iter(allocation_set.values()))["window"]
            rows = {key: row for key, row in allocation_set.items() if row["window"] == first}
            period = ChargePeriod.parse(first["start"], first["end"])
            found.append(Recording(f"{path.stem}-{number}", period, {**document, "data": [rows]}))
    return found


STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, -0.0, 1e-9, 0.000005, 1.5, 1e15, 1e18, -1e18, 1e22, 1e300, 2**53, 2**64),
    *("", "0.5", "NaN", "null", "a\0b", "\u202e", "x" * 5000, "2026-13-01T00:00:00Z", "today", "__idle__"),
    *([], {}, [None], [[]], {"": None}, {"a": {"b": []}}, [1, 2, 3], {"start": None, "end": None}),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-09-23T08:00:00", "__unmounted__", "ü" * 300),
)  # fmt: skip
NOT_NUMBERS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-1e999",
    "0x1F",
    "01",
    "1_000",
    ".5",
    "+1",
    "1.",
)
TOKENS = (
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b'"',
    b"\\",
    b"null",
    b"\x00",
    b"\xff",
    b"\\ud800",
    b"1e9",
)


def _slots(value: Any) -> list[Slot]:
    """Every place in the document where a value stands."""
    found: list[Slot] = []
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict | list):
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            found += [(here, key) for key in keys]
            waiting += [here[key] for key in keys]
    return found


def _numbers(document: Document) -> list[Slot]:
    return [
        (holder, key)
        for holder, key in _slots(document)
        if isinstance(holder[key], int | float) and not isinstance(holder[key], bool)
    ]


def _replace(document: Document, dice: random.Random) -> None:
    holder, key = dice.choice(_slots(document))
    holder[key] = copy.deepcopy(dice.choice(STRANGE))


def _remove(document: Document, dice: random.Random) -> None:
    holder, key = dice.choice(_slots(document))
    del holder[key]


def _null_number(document: Document, dice: random.Random) -> None:
    holder, key = dice.choice(_numbers(document))
    holder[key] = None


def _change_number(document: Document, dice: random.Random) -> None:
    holder, key = dice.choice(_numbers(document))
    holder[key] = dice.choice(
        [-holder[key], holder[key] * 10 ** dice.randint(-12, 30), dice.uniform(-1e7, 1e7), 10**40]
    )


def _swap(document: Document, dice: random.Random) -> None:
    (one, a), (two, b) = dice.sample(_slots(document), 2)
    one[a], two[b] = copy.deepcopy(two[b]), copy.deepcopy(one[a])


def _shift_window(document: Document, dice: random.Random) -> None:
    rows = [row for rows in document["data"] for row in rows.values()]
    dice.choice(rows)["window"][dice.choice(["start", "end"])] = dice.choice(
        ["2026-09-23T08:30:00Z", "2026-09-23T10:00:00+02:00", "1970-01-01T00:00:00Z", None]
    )


def _reshape(document: Document, dice: random.Random) -> None:
    rows = document["data"][0]
    document["data"] = dice.choice(
        [rows, [rows, None], [None, {}, rows], [rows, rows], [[rows]], None, [None], [{}], "", 0]
    )


def _recode(document: Document, dice: random.Random) -> None:
    document["code"] = dice.choice([500, 0, 404, 201, -200, "200", 200.0, 200.5, None, True])
    document["message"] = dice.choice(["empty AssetSet", "boom", "", None, 7, "a\nb", "x" * 9999])


def _rename(document: Document, dice: random.Random) -> None:
    holder, key = dice.choice([slot for slot in _slots(document) if isinstance(slot[0], dict)])
    holder[dice.choice([key.upper(), f"{key}x", "", "totalCost", "window"])] = holder.pop(key)


TREE_CHANGES: tuple[Callable[[Document, random.Random], None], ...] = (
    *(_replace, _remove, _null_number, _change_number, _swap),
    *(_shift_window, _reshape, _recode, _rename),
)


def _cut(body: bytes, dice: random.Random) -> bytes:
    return body[: dice.randrange(len(body))]


def _flip(body: bytes, dice: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(dice.randint(1, 4)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _insert(body: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(body))
    return body[:at] + dice.choice(TOKENS) * dice.choice([1, 1, 2, 3000]) + body[at:]


def _not_a_number(body: bytes, dice: random.Random) -> bytes:
    places = [
        at
        for at in range(len(body) - 2)
        if body[at : at + 2] == b": " and body[at + 2 : at + 3].isdigit()
    ]
    at = dice.choice(places) + 2
    end = at
    while body[end : end + 1] in b"0123456789.eE+-":
        end += 1
    return body[:at] + dice.choice(NOT_NUMBERS).encode() + body[end:]


def _double(body: bytes, dice: random.Random) -> bytes:
    """The same name once more in the same object, with another value."""
    names = [
        at
        for at in range(len(body))
        if body[at : at + 1] == b'"' and body[at - 2 : at] in (b", ", b"{")
    ]
    at = dice.choice(names) if names else body.index(b'"')
    end = body.find(b'":', at)
    return body if end < 0 else body[:at] + body[at : end + 2] + b" 777, " + body[at:]


def _recode_text(body: bytes, dice: random.Random) -> bytes:
    text = body.decode("utf-8", "replace")
    return dice.choice(
        [
            b"\xef\xbb\xbf" + body,
            text.encode("utf-16"),
            text.encode("utf-32"),
            body * 2,
            b" \n" + body + b"\n",
        ]
    )


def _wrap(body: bytes, dice: random.Random) -> bytes:
    return dice.choice(
        (
            *(b"", b"null", b"[]", b"{}", b"[" * 50_000, b'{"a":' * 50_000, b"<html>" + body),
            *(body + b"\n" + body, b"Invalid 'window' parameter\n" + body, b"\x1f\x8b" + body),
            b'{"code":200,"data":' + body + b"}",
        )
    )


BYTE_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_cut, _flip, _insert, _not_a_number, _double, _recode_text, _wrap),
)


def mutant(recording: Recording, dice: random.Random) -> bytes:
    """One to three changes to the tree, to the bytes, or both; a few are left as recorded."""
    document = copy.deepcopy(recording.document)
    if dice.random() < 0.65:
        for _ in range(dice.randint(1, 3)):
            try:
                dice.choice(TREE_CHANGES)(document, dice)
            except (AttributeError, TypeError, KeyError, IndexError, ValueError, OverflowError):
                continue  # an earlier change took away what this one works on
        return json.dumps(document).encode("utf-8", "surrogatepass")
    body = json.dumps(document).encode()
    if dice.random() < 0.03:
        return body
    return dice.choice(BYTE_CHANGES)(body, dice)
