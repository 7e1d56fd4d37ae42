"""What people ask of the store: older days, windows again, other label keys. Each is in the audit log."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput, NotFound
from costinsights.costs.history import keys, ledger
from costinsights.costs.history.health import failed_windows
from costinsights.costs.history.models import BackfillState, Grain, IngestState, LabelKey, Snapshot
from costinsights.costs.history.steps import parse_instant
from costinsights.costs.models import Cluster

MOST_AT_ONCE = 400


def checked_days(text: str, *, most: int) -> int:
    """How many days back to read. Raises InvalidInput."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= most:
        raise InvalidInput(
            f"Give a whole number of days from 1 to {most:,}: that is what your plan keeps.",
            field="days",
            value=text[:100],
        )
    return int(text)


@transaction.atomic
def start_backfill(cluster: Cluster, *, now: dt.datetime, days: int) -> IngestState:
    """Read older days, newest first. Raises Conflict while some are being read."""
    state = ledger.ingest_state(cluster, now=now)
    if state.backfill_state == BackfillState.RUNNING:
        raise Conflict(f"Older days of {cluster.name} are being read already.")
    state = ledger.start_backfill(cluster, now=now, days=days)
    record_event("backfill.started", target=cluster.name, details={"days": days})
    return state


@transaction.atomic
def cancel_backfill(cluster: Cluster, *, now: dt.datetime) -> None:
    """Stop reading older days; what was read stays. Safe to repeat."""
    ledger.cancel_backfill(cluster, now=now)
    record_event("backfill.cancelled", target=cluster.name)


@transaction.atomic
def read_again(cluster: Cluster, *, now: dt.datetime, grain: str, starts: Sequence[str]) -> int:
    """Have windows read again at once. Raises InvalidInput, NotFound for one that the ledger does not have."""
    if grain not in Grain.values:
        raise InvalidInput("Choose hour or day.", field="grain", value=grain)
    if len(starts) > MOST_AT_ONCE:
        raise InvalidInput(
            f"At most {MOST_AT_ONCE} windows at once; {len(starts)} were given.",
            field="window_starts",
        )
    wanted = {parse_instant("window_start", text) for text in starts}
    known = set(
        Snapshot.objects.filter(cluster=cluster, grain=grain, window_start__in=wanted).values_list(
            "window_start", flat=True
        )
    )
    if missing := sorted(wanted - known):
        raise NotFound(
            f"{cluster.name} has no {grain} of {missing[0]:%Y-%m-%dT%H:%M:%SZ} on its ledger."
        )
    count = ledger.ask_again(cluster, now=now, starts=sorted(known), grain=Grain(grain))
    record_event("windows.read_again", target=cluster.name, details={"windows": count})
    return count


@transaction.atomic
def read_failed_again(cluster: Cluster, *, now: dt.datetime) -> int:
    """Have every window whose last reading failed read again at once. Returns how many."""
    count = sum(
        ledger.ask_again(cluster, now=now, starts=starts, grain=grain)
        for grain, starts in failed_windows(cluster).items()
        if starts
    )
    record_event("windows.read_again", target=cluster.name, details={"windows": count})
    return count


@transaction.atomic
def choose_key(label_key_id: int, *, is_stored: bool) -> LabelKey:
    """Store a key's values from the next window on, or stop. Raises NotFound, Conflict."""
    key = LabelKey.objects.filter(pk=label_key_id).first()
    if key is None:
        raise NotFound("There is no such label key.")
    key = keys.choose(kind=key.kind, name=key.name, is_stored=is_stored)
    action = "label_key.stored" if is_stored else "label_key.dropped"
    record_event(action, target=key.name, target_id=str(key.pk))
    return key
