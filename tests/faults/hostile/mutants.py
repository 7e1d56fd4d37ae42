"""Recorded real answers, and what can become of them on a bad day: thousands of mutants, the same in every run."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from costinsights.core.periods import ChargePeriod
from costinsights.costs.history.models import Grain

DATA = Path(__file__).resolve().parents[2] / "data" / "opencost"
Document = dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """A real answer cut to one window, as its document and the bytes of it."""

    name: str
    grain: Grain
    period: ChargePeriod
    document: Document
    body: bytes


@dataclass(frozen=True)
class Mutant:
    """One broken answer. `rows_gone`: whole rows may be missing, which nobody can see."""

    kind: str
    body: bytes
    content_type: str = "application/json"
    rows_gone: bool = False


def recordings() -> list[Recording]:
    """OpenCost 1.121 by the hour and 1.112 by the day; the day is moved to UTC midnight."""
    newer = json.loads((DATA / "freepod-opencost_allocation.json").read_text())
    rows = newer["data"][0]
    first = next(iter(rows.values()))["window"]
    newer["data"] = [{key: row for key, row in rows.items() if row["window"] == first}]
    older = (DATA / "kartverket-opencost_response.json").read_text()
    for day in ("2024-09-30", "2024-10-01"):
        older = older.replace(f"{day}T12:00", f"{day}T00:00")
    older = older.replace("2024-10-01T11:40", "2024-09-30T23:40")
    return [
        _recording("1.121", Grain.HOUR, newer, f"{first['start']},{first['end']}"),
        _recording(
            "1.112", Grain.DAY, json.loads(older), "2024-09-30T00:00:00Z,2024-10-01T00:00:00Z"
        ),
    ]


def _recording(name: str, grain: Grain, document: Document, window: str) -> Recording:
    period = ChargePeriod.parse(*window.split(","))
    return Recording(name, grain, period, document, json.dumps(document).encode())


def mutants(recording: Recording, count: int, seed: int) -> Iterator[Mutant]:
    """So many broken answers, every kind in turn."""
    random = Random(seed)  # the same mutants in every run
    makers = (*_OF_BYTES, *_OF_DOCUMENTS)
    for number in range(count):
        yield makers[number % len(makers)](recording, random)


# Bytes -------------------------------------------------------------------------------------------


def _truncated(recording: Recording, random: Random) -> Mutant:
    return Mutant("truncated", recording.body[: random.randrange(len(recording.body))])


def _flipped(recording: Recording, random: Random) -> Mutant:
    body = bytearray(recording.body)
    for _ in range(random.randint(1, 3)):
        body[random.randrange(len(body))] = random.randrange(256)
    return Mutant("flipped", bytes(body), rows_gone=True)


def _cut_out(recording: Recording, random: Random) -> Mutant:
    start = random.randrange(len(recording.body))
    end = start + random.randint(1, 400)
    return Mutant("cut out", recording.body[:start] + recording.body[end:], rows_gone=True)


def _repeated(recording: Recording, random: Random) -> Mutant:
    start = random.randrange(len(recording.body))
    piece = recording.body[start : start + random.randint(1, 400)]
    return Mutant("repeated", recording.body[:start] + piece + recording.body[start:])


def _encoded(recording: Recording, random: Random) -> Mutant:
    name = random.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
    return Mutant(f"in {name}", recording.body.decode().encode(name))


def _something_else(recording: Recording, random: Random) -> Mutant:
    body, kind = random.choice(
        [
            (b"<!doctype html><html><title>Sign in</title></html>", "text/html"),
            (b"<!doctype html><html><title>Sign in</title></html>", "application/json"),
            (b"", "application/json"),
            (b" \n", "application/json"),
            (b"null", "application/json"),
            (b"[]", "application/json"),
            (b"{}", "application/json"),
            (b"0", "application/json"),
            (b'"ok"', "text/plain"),
            (b'{"code":200}', "application/json"),
            (b'{"code":200,"data":null', "application/json"),
            (b'{"data":[{}]}', "application/json"),
            (b'{"code":500,"message":"boom","data":[]}', "application/json"),
            (b'{"code":200,"data":' + b"[" * 3000 + b"]" * 3000 + b"}", "application/json"),
            (b'{"code":200,"data":[' + b'{"a":' * 3000 + b"1", "application/json"),
            (recording.body + recording.body, "application/json"),
            (recording.body + b"<!-- proxied -->", "application/json"),
        ]
    )
    return Mutant("something else", body, kind)


# Documents ---------------------------------------------------------------------------------------

_WRONG: tuple[Any, ...] = (
    "1.5",
    "NaN",
    True,
    [],
    {},
    -1,
    -0.5,
    1e9,
    1e17,
    1e300,
    "\0",
    "\ud800",
    "x" * 5000,
)
_LITERALS = ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "01", "1.", "0x10", "١")


def _broken_row(
    recording: Recording, random: Random, change: Callable[[Document, Random], None], kind: str
) -> Mutant:
    document = copy.deepcopy(recording.document)
    rows = document["data"][0]
    change(rows[random.choice(sorted(rows))], random)
    return Mutant(kind, _dumped(document))


def _dumped(document: Document) -> bytes:
    return json.dumps(document, ensure_ascii=True).encode()


def _amounts(row: Document) -> list[str]:
    return sorted(name for name in row if name.endswith(("Cost", "Hours", "Average", "Adjustment")))


def _wrong_amount(recording: Recording, random: Random) -> Mutant:
    def change(row: Document, random: Random) -> None:
        row[random.choice([*_amounts(row), "minutes"])] = random.choice(_WRONG)

    return _broken_row(recording, random, change, "wrong amount")


def _no_number(recording: Recording, random: Random) -> Mutant:
    def change(row: Document, random: Random) -> None:
        row[random.choice([*_amounts(row), "minutes"])] = "@@"

    mutant = _broken_row(recording, random, change, "no number")
    return Mutant(mutant.kind, mutant.body.replace(b'"@@"', random.choice(_LITERALS).encode(), 1))


def _absent(recording: Recording, random: Random) -> Mutant:
    def change(row: Document, random: Random) -> None:
        name = random.choice(sorted(row))
        if random.random() < 0.5:
            del row[name]
        else:
            row[name] = None

    return _broken_row(recording, random, change, "absent")


def _wrong_total(recording: Recording, random: Random) -> Mutant:
    def change(row: Document, random: Random) -> None:
        row["totalCost"] = random.choice([0, 1, -3.25, 12345.5, 1e17])

    return _broken_row(recording, random, change, "wrong total")


def _wrong_window(recording: Recording, random: Random) -> Mutant:
    def change(row: Document, random: Random) -> None:
        row["window"] = random.choice(
            [
                None,
                {},
                {"start": "2099-01-01T00:00:00Z", "end": "2099-01-02T00:00:00Z"},
                {"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T01:00:00Z"},
                {"start": row["window"]["end"], "end": row["window"]["start"]},
                {"start": row["window"]["start"], "end": row["window"]["start"]},
                {"start": "yesterday", "end": "today"},
                {"start": row["window"]["start"].removesuffix("Z"), "end": row["window"]["end"]},
                row["window"] | {"end": "2099-01-02T00:00:00Z"},
            ]
        )

    return _broken_row(recording, random, change, "wrong window")


def _wrong_life(recording: Recording, random: Random) -> Mutant:
    def change(row: Document, random: Random) -> None:
        name = random.choice(["start", "end", "minutes"])
        row[name] = (
            random.choice([-60, -0.001, 1e9, 1e11, 1e13])
            if name == "minutes"
            else random.choice(["1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "", 5, "soon"])
        )

    return _broken_row(recording, random, change, "wrong life")


def _wrong_names(recording: Recording, random: Random) -> Mutant:
    def change(row: Document, random: Random) -> None:
        properties = row["properties"]
        name = random.choice(["namespace", "node", "controller", "controllerKind", "pod"])
        odd: list[Any] = [
            None,
            7,
            [],
            "",
            "\0",
            "a\0b",
            "\ud800",
            "n" * 300,
            "é" * 5000,
            "__idle__",
        ]
        if random.random() < 0.2:
            row["properties"] = random.choice([None, {}, [], "x", 0])
        elif random.random() < 0.3:
            properties["labels"] = random.choice(
                [{"team": None}, {"team": 1}, [], {"k" * 9000: "v"}, {"team": "\0"}, {"": ""}]
            )
        elif random.random() < 0.2:
            properties.pop(name, None)
        else:
            properties[name] = random.choice(odd)

    return _broken_row(recording, random, change, "wrong names")


def _wrong_envelope(recording: Recording, random: Random) -> Mutant:
    document = copy.deepcopy(recording.document)
    sets = document["data"]
    codes: tuple[Any, ...] = (None, "200", 0, 404, 500, 200.5, -1, [])
    datas: tuple[Any, ...] = (None, {}, "x", [sets], [*sets, *sets], [None, 5], sets[0])
    changes: list[Document] = [{"code": code} for code in codes]
    changes += [{"data": data} for data in datas]
    changes += [{"message": 5}, {"warning": []}, {"warning": "w" * 9000}, {"status": 7}]
    return Mutant("wrong envelope", _dumped(document | random.choice(changes)))


def _named_twice(recording: Recording, random: Random) -> Mutant:
    document = copy.deepcopy(recording.document)
    rows = document["data"][0]
    key = random.choice(sorted(rows))
    if random.random() < 0.4:
        twin = json.dumps({key: rows[key]})[1:-1]
        rows["@@"] = 0
        return Mutant("row twice", _dumped(document).replace(b'"@@": 0', twin.encode(), 1))
    rows[key]["@@"] = 0
    name = random.choice([*_amounts(rows[key]), "window", "properties"])
    twin = f'"{name}": {json.dumps(rows[key][name])}'
    if name.endswith("Cost"):
        twin = f'"{name}": 77.5'
    return Mutant("name twice", _dumped(document).replace(b'"@@": 0', twin.encode(), 1))


_OF_BYTES = (_truncated, _flipped, _cut_out, _repeated, _encoded, _something_else)
_OF_DOCUMENTS = (
    *(_wrong_amount, _no_number, _absent, _wrong_total, _wrong_window),
    *(_wrong_life, _wrong_names, _wrong_envelope, _named_twice),
)
