"""H3: whatever an answer is broken by, the window says why, nothing is written, and what was stored stays."""

import json
from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import transaction

from costinsights.costs.history import ingest
from costinsights.costs.history.facts import Bit
from costinsights.costs.history.ingest import Outcome
from costinsights.costs.history.models import Grain, IngestState, Snapshot, SnapshotState
from costinsights.costs.history.writer import Written
from costinsights.opencost.errors import OpenCostError
from costinsights.opencost.rows import COMPONENTS, TOTAL_TOLERANCE_MICROS
from tenants.models import Tenant
from tests.factories.costs import ClusterFactory
from tests.fakes.opencost_rows import DAY, allocated_cost, wire_answer
from tests.faults.hostile.asking import (
    NOW,
    Session,
    Stored,
    answer,
    answering,
    opened,
    read,
    stored,
)
from tests.faults.hostile.mutants import Mutant, Recording, mutants, recordings
from tests.faults.hostile.scale import scaled
from tests.figures import count

CODES = {error.code for error in OpenCostError.__subclasses__()}
PARTS = 4  # small enough to say which part failed, large enough to share one window


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("recording", recordings(), ids=lambda recording: recording.name)
def test_no_broken_answer_gets_past_the_ledger(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, recording: Recording, part: int
) -> None:
    """The first half of the parts breaks windows that were never stored, the second ones that were."""
    is_stored = part >= PARTS // 2
    window = opened(ClusterFactory.create(), recording.grain, recording.period)
    seen: Counter[str] = Counter()
    with answering(monkeypatch) as session:
        if is_stored:
            session.reply = answer(recording.body)
            assert read(window).written is Written.STORED
            window.refresh_from_db()
        before = stored(window.grain)
        assert (before.rows > 0) is is_stored
        for mutant in mutants(recording, scaled(250, 12_500), part):
            seen[_survived(session, window, mutant, before)] += 1
    count("mutants of real answers", seen.total())
    count("mutants refused with a reason", seen["refused"])
    count("mutants stored with the right total", seen.total() - seen["refused"])
    assert seen["refused"] > seen.total() / 2


def _survived(session: Session, window: Snapshot, mutant: Mutant, before: Stored) -> str:
    """Read the mutant, hold the store to what it must be, and take it back."""
    with transaction.atomic():
        session.reply = answer(mutant.body, content_type=mutant.content_type)
        outcome = read(window)
        ledger, books = Snapshot.objects.get(pk=window.pk), stored(window.grain)
        try:
            if outcome.written is None:
                assert books == before
                _refused(ledger, outcome, is_stored=before.rows > 0)
            else:
                _right(ledger, books, mutant)
        except AssertionError as error:
            raise AssertionError(f"{mutant.kind}: {mutant.body[:3000]!r}") from error
        transaction.set_rollback(True)
    return "refused" if outcome.written is None else "taken"


def _refused(window: Snapshot, outcome: Outcome, *, is_stored: bool) -> None:
    assert outcome.error_code in CODES
    assert window.error_code == outcome.error_code
    assert window.due_at is not None
    assert window.leased_until is None
    assert (window.state == SnapshotState.FAILED) is not is_stored
    message = window.error_message
    assert 20 <= len(message) <= 500
    assert message[0].isupper()
    assert message.isprintable()
    assert message.rstrip()[-1] in ".)…" or "OpenCost could not answer" in message


def _right(window: Snapshot, books: Stored, mutant: Mutant) -> None:
    """What was taken adds up to what the answer's own digits say, and disagreements stand on the ledger."""
    rows = _rows(json.loads(mutant.body))
    truth = [_truth(row) for row in rows]
    if not rows:
        assert window.state in (SnapshotState.EMPTY, SnapshotState.OK, SnapshotState.PARTIAL)
        return
    assert window.total == sum(ours for ours, _, _ in truth) == books.total == books.rolled_up
    assert window.unknown_rows == sum(unknown for _, _, unknown in truth)
    differs = sum(ours - theirs for ours, theirs, _ in truth if theirs is not None)
    assert window.reported_difference == differs
    is_off = any(
        theirs is not None and not unknown and abs(ours - theirs) > TOTAL_TOLERANCE_MICROS
        for ours, theirs, unknown in truth
    )
    assert bool(books.flags & Bit.TOTAL_DIFFERS) is is_off
    assert bool(books.flags & Bit.UNKNOWN_COST) is (window.unknown_rows > 0)


def _rows(document: Any) -> list[Any]:
    return [row for each in document["data"] or [] for row in (each or {}).values()]


def _truth(row: Any) -> tuple[int, int | None, bool]:
    """A row's sum of components, its own total, and whether a component is unknown: by Decimal from its text."""
    ours, unknown = 0, False
    for component in COMPONENTS:
        head, *rest = component.split("_")
        name = head + "".join(part.title() for part in rest) + "Cost"
        cost, adjustment = row.get(name), row.get(f"{name}Adjustment", 0)
        unknown |= cost is None or adjustment is None
        ours += _micros(cost) + _micros(adjustment)
    reported = row.get("totalCost")
    return ours, None if reported is None else _micros(reported), unknown


def _micros(value: Any) -> int:
    amount = Decimal(repr(value or 0)) * 1_000_000
    return int(amount.to_integral_value(rounding=ROUND_HALF_EVEN))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ram_byte_hours": 1e21}, "its amounts are too large to be true"),
        ({"namespace": "n" * 254}, "a name has 254 characters"),
        ({"controller": "é" * 3000}, "a name has 3,000 characters"),
    ],
)
def test_what_the_store_could_not_hold_is_refused_before_it_is_opened(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], words: str
) -> None:
    window = opened(ClusterFactory.create(), Grain.DAY, DAY)
    with answering(monkeypatch) as session:
        session.reply = answer(wire_answer(allocated_cost(**changes)))
        assert read(window).error_code == "opencost_answer_invalid"
    window.refresh_from_db()
    assert words in window.error_message
    assert stored(Grain.DAY).rows == 0


def test_an_error_of_ours_puts_the_window_aside_and_is_told(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever breaks, the cluster's other windows are not held up by it, and no breaker opens."""
    window = opened(ClusterFactory.create(), Grain.DAY, DAY)
    monkeypatch.setattr(ingest, "write_window", Mock(side_effect=ZeroDivisionError))
    with answering(monkeypatch) as session:
        session.reply = answer(wire_answer(allocated_cost()))
        with pytest.raises(ZeroDivisionError):
            ingest.ingest_next(clock=lambda: NOW)
    window.refresh_from_db()
    assert (window.error_code, window.leased_until) == ("internal_error", None)
    assert window.due_at is not None
    assert window.due_at > NOW
    assert IngestState.objects.get().failures == 0
