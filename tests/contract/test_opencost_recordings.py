"""Real answers decode, and hold what OpenCost promises of every allocation."""

import json

import pytest

from costinsights.core.money import micros_from_number
from costinsights.opencost.errors import OpenCostAnswerInvalid
from costinsights.opencost.rows import (
    TOTAL_TOLERANCE_MICROS,
    AllocationAnswer,
    RowFlag,
    RowKind,
)
from costinsights.opencost.schema import decode_allocations
from tests.contract.mutants import DATA, Recording, recordings

FREEPOD = DATA / "freepod-opencost_allocation.json"
KARTVERKET = DATA / "kartverket-opencost_response.json"


def answer_of(recording: Recording) -> AllocationAnswer:
    return decode_allocations(json.dumps(recording.document).encode(), period=recording.period)


@pytest.fixture(params=recordings(), ids=lambda recording: recording.name)
def recording(request: pytest.FixtureRequest) -> Recording:
    found: Recording = request.param
    return found


def test_the_parts_add_up_to_opencosts_total(recording: Recording) -> None:
    rows = answer_of(recording).rows

    assert rows
    for row in rows:
        if row.reported_total is not None:
            assert abs(row.total - row.reported_total) <= TOTAL_TOLERANCE_MICROS
        assert RowFlag.TOTAL_DIFFERS not in row.flags


def test_a_row_lives_inside_its_window(recording: Recording) -> None:
    for row in answer_of(recording).rows:
        assert row.window == recording.period
        assert row.window.start <= row.start <= row.end <= row.window.end
        assert 0 <= row.minutes <= row.window.minutes
        assert RowFlag.LIFE_OUTSIDE_WINDOW not in row.flags


def test_only_idle_is_ever_negative(recording: Recording) -> None:
    for row in answer_of(recording).rows:
        assert row.total >= 0 or row.kind is RowKind.IDLE
        assert RowFlag.NEGATIVE_COST not in row.flags


def test_every_row_and_every_micro_unit_arrives(recording: Recording) -> None:
    wire = list(recording.document["data"][0].values())
    rows = answer_of(recording).rows

    assert len(rows) == len(wire)
    assert sum(row.cpu_cost for row in rows) == sum(
        micros_from_number(row["cpuCost"]) for row in wire
    )
    assert [row.namespace for row in rows] == [
        row["properties"].get("namespace", "") for row in wire
    ]


def test_the_newest_recording_shows_nulls_services_and_unmounted_costs() -> None:
    answer = decode_allocations(FREEPOD.read_bytes(), period=None)
    unknown = [row for row in answer.rows if row.unknown]

    assert (answer.envelope, answer.body_bytes) == ("new", FREEPOD.stat().st_size)
    assert [(row.kind, row.unknown, row.reported_total) for row in unknown] == [
        (RowKind.UNMOUNTED, ("load_balancer",), None)
    ]
    assert all(list(row.services) == sorted(set(row.services)) for row in answer.rows)


def test_the_row_of_another_window_in_it_is_refused_when_a_window_was_asked() -> None:
    first = recordings()[0]
    with pytest.raises(OpenCostAnswerInvalid) as caught:
        decode_allocations(FREEPOD.read_bytes(), period=first.period)

    assert caught.value.reason == "window"


def test_the_oldest_recording_shows_negative_idle_in_the_old_envelope() -> None:
    answer = decode_allocations(KARTVERKET.read_bytes(), period=None)
    idle = [row for row in answer.rows if row.kind is RowKind.IDLE]

    assert answer.envelope == "old"
    assert [(row.total, row.flags) for row in idle] == [(-186_571_000, (RowFlag.NEGATIVE_IDLE,))]
    assert sum(row.total for row in answer.rows) == -186_571_000 + 4_208_130 + 52_060 + 4_019_570


def test_the_recordings_are_attributed() -> None:
    text = (DATA / "PROVENANCE.md").read_text()

    for path in DATA.rglob("*.json"):
        assert path.name in text
    assert "MIT License" in text
