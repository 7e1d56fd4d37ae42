"""A window cut into what is asked and kept: one piece per cluster and UTC day."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from costinsights.core.periods import ChargePeriod

# OpenCost's own exporter waits for late samples; so do we before a closed piece counts as settled.
SETTLES_AFTER = timedelta(minutes=30)
# Prometheus data of a closed day may still arrive late; such a day is asked again now and then.
MAY_CHANGE_FOR = timedelta(days=3)
RECENT_FRESH_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one request to one OpenCost answers. `fingerprint` is the cluster's."""

    fingerprint: str
    period: ChargePeriod

    @property
    def name(self) -> str:
        """For cache keys: tells nothing and changes when the cluster is edited."""
        return hashlib.sha256(f"{self.fingerprint}|{self.period}".encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class PieceState:
    """What is known of a piece without its rows."""

    as_of: datetime  # when OpenCost was asked
    digest: str  # of the answer's bytes


def pieces_of(period: ChargePeriod, *, fingerprint: str, now: datetime) -> list[Piece]:
    """The pieces of a window, oldest first. What has not begun has no cost and is not asked for."""
    return list(_pieces(period, fingerprint, now))


def _pieces(period: ChargePeriod, fingerprint: str, now: datetime) -> Iterator[Piece]:
    for day in period.days():
        if day.start < now:
            yield Piece(fingerprint, day)


def is_fresh(period: ChargePeriod, *, as_of: datetime, now: datetime, fresh_for: timedelta) -> bool:
    """Whether an answer given at `as_of` need not be asked again.

    A running or unsettled piece keeps for `fresh_for`, a recently closed one for an hour; an older one
    does not change any more.
    """
    if as_of < period.end + SETTLES_AFTER:
        return now - as_of < fresh_for
    if as_of < period.end + MAY_CHANGE_FOR:
        return now - as_of < RECENT_FRESH_FOR
    return True
