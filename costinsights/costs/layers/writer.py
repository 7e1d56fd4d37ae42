"""Putting a layer's day into the store: all of it with its ledger row, or nothing.

As `history.writer`: the cluster's row is locked, the attempt is compared, the day's facts are replaced, the ledger
row closes. Replaying it changes nothing, and an empty answer never takes away what is stored.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from costinsights.core.copying import copy_rows
from costinsights.costs.history.locks import lock_cluster
from costinsights.costs.history.models import Grain, SnapshotState
from costinsights.costs.history.writer import FULL_MINUTES, Written
from costinsights.costs.layers.facts import FACT_COLUMNS, DayFacts
from costinsights.costs.layers.models import (
    ITEM_NAMES,
    LayerItem,
    LayerRevision,
    LayerWindow,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a day was read, for the ledger."""

    read_at: dt.datetime
    read_seconds: float
    opencost_version: str
    response_sha256: str
    response_bytes: int
    warning: str = ""


def write_day(window: LayerWindow, facts: DayFacts, reading: Reading, *, attempt: int) -> Written:
    """Store what was read of a day, if `attempt` still holds it."""
    with transaction.atomic():
        lock_cluster(window.cluster_id)  # may be gone meanwhile, and its ledger with it
        held = LayerWindow.objects.select_for_update().filter(pk=window.pk).first()
        if held is None or held.attempt != attempt:
            return Written.FENCED
        written = _replace(held, facts)
        _close(held, facts, reading, written)
    return written


def _replace(held: LayerWindow, facts: DayFacts) -> Written:
    has_rows = held.revision > 0 and held.rows > 0
    if not facts.facts:
        return Written.KEPT if has_rows else Written.EMPTY
    if has_rows and held.facts_sha256 == facts.sha256:
        return Written.UNCHANGED
    if has_rows:
        LayerRevision.objects.create(
            window=held,
            revision=held.revision,
            rows=held.rows,
            total=held.total,
            facts_sha256=held.facts_sha256,
            read_at=held.read_at,
        )
        remove_day(held)
    ids = _item_ids(held, facts)
    copy_rows(
        "costs_layerday",
        ["cluster_id", "layer", "day", "item_id", *FACT_COLUMNS],
        _lines(held, facts, ids),
    )
    return Written.RESTATED if has_rows else Written.STORED


def _close(held: LayerWindow, facts: DayFacts, reading: Reading, written: Written) -> None:
    held.settle(read_at=reading.read_at, read_seconds=reading.read_seconds, warning=reading.warning)
    if written is not Written.KEPT:
        held.opencost_version = reading.opencost_version
        held.response_sha256 = reading.response_sha256
        held.response_bytes = reading.response_bytes
        held.state = _state(facts)
    if written in (Written.STORED, Written.RESTATED):
        held.revision += 1
        held.rows = len(facts.facts)
        held.total = facts.total
        held.unknown_rows = facts.unknown_rows
        held.minutes_covered = facts.minutes_covered
        held.facts_sha256 = facts.sha256
    held.save()


def _state(facts: DayFacts) -> SnapshotState:
    if not facts.facts:
        return SnapshotState.EMPTY
    full = facts.minutes_covered >= FULL_MINUTES[Grain.DAY]
    return SnapshotState.OK if full else SnapshotState.PARTIAL


def remove_day(held: LayerWindow) -> None:
    """Take a day's facts out of the store."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM costs_layerday WHERE cluster_id = %s AND layer = %s AND day = %s",
            [held.cluster_id, held.layer, held.day],
        )


def _item_ids(held: LayerWindow, facts: DayFacts) -> dict[str, int]:
    """The ids of the day's items, those made that were not known."""
    items = LayerItem.objects.filter(cluster=held.cluster_id, layer=held.layer)
    wanted = sorted(facts.items)
    known = dict(items.filter(sha256__in=wanted).values_list("sha256", "pk"))
    missing = [
        LayerItem(
            cluster_id=held.cluster_id,
            layer=held.layer,
            sha256=sha,
            labels=facts.items[sha].labels,
            **dict(zip(ITEM_NAMES, facts.items[sha].names, strict=True)),
        )
        for sha in wanted
        if sha not in known
    ]
    if missing:
        LayerItem.objects.bulk_create(missing, batch_size=1_000)
        known |= {item.sha256: item.pk for item in missing}
    return known


def _lines(held: LayerWindow, facts: DayFacts, ids: dict[str, int]) -> Iterator[bytes]:
    """COPY lines in the order of the primary key."""
    head = f"{held.cluster_id}\t{held.layer}\t{held.day.isoformat()}\t"
    for item, sha in sorted((ids[sha], sha) for sha in facts.facts):
        yield f"{head}{item}\t{chr(9).join(map(_cell, facts.facts[sha]))}\n".encode()


def _cell(value: Any) -> str:
    return "\\N" if value is None else str(value)
