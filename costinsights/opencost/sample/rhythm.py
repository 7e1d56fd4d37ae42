"""Hours, weekdays, growth and noise: everything in the demo that depends on time alone.

All functions are pure. Time is counted in whole hours since the epoch, UTC; a week starts on Monday.
"""

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zlib import crc32

DATA_START = datetime(2025, 1, 1, tzinfo=UTC)  # before this day the demo knows nothing
_GROWTH_MIDDLE = datetime(2026, 11, 1, tzinfo=UTC).timestamp() / 86400
_GROWTH_DAYS = 240.0
_EPOCH_WEEKDAY_HOURS = 3 * 24  # 1970-01-01 was a Thursday
_NOISE_SIZE = 8192
_WEEKEND = 5


def salt(*parts: object) -> int:
    """A number that stays the same for the same parts, in every process and on every machine."""
    return crc32("/".join(map(str, parts)).encode())


def code(length: int, *parts: object) -> str:
    """A suffix of letters and digits as Kubernetes makes them, the same for the same parts."""
    alphabet = "bcdfghjklmnpqrstvwxz2456789"
    number = salt(*parts) * 2654435761 + salt(*parts, "high")
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(alphabet))
        letters.append(alphabet[rest])
    return "".join(letters)


@lru_cache(maxsize=8)
def noise_table(seed: int) -> tuple[float, ...]:
    """Values around 0, nearly always within -1 .. 1."""
    generator = random.Random(seed)  # noqa: S311 - demo data, no secret
    once = [max(-1.2, min(1.2, generator.gauss(0, 0.4))) for _ in range(_NOISE_SIZE)]
    return (*once, *once[:24])  # a day may be cut out anywhere


def noise(seed: int, key: int, tick: int) -> float:
    """Noise of one series (`key`) at one tick (an hour or a day)."""
    return noise_table(seed)[(key + tick) % _NOISE_SIZE]


def noises(seed: int, key: int, first: int, count: int) -> tuple[float, ...]:
    """Noise of one series for up to 24 successive ticks."""
    start = (key + first) % _NOISE_SIZE
    return noise_table(seed)[start : start + count]


def growth(day: int, strength: float) -> float:
    """How large a namespace is on a day (days since the epoch), 1.0 about 2026-11-01.

    An S-curve: about 0.74 a year earlier, never above 1.4, so that the demo looks right in any year.
    """
    whole = 0.62 + 0.76 / (1 + math.exp(-(day - _GROWTH_MIDDLE) / _GROWTH_DAYS))
    return 1 + (whole - 1) * strength


def season(day: int) -> float:
    """How much busier a shop is than usual: up to a fifth more from late November to Christmas."""
    of_year = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).timetuple().tm_yday
    return 0.2 * math.exp(-(((of_year - 345) / 17) ** 2))


def _bell(hour: float, peak: float, width: float) -> float:
    distance = min(abs(hour - peak), 24 - abs(hour - peak))
    return math.exp(-((distance / width) ** 2))


def _office(weekday: int, hour: int) -> float:
    if weekday >= _WEEKEND:
        return 0.24 + 0.06 * _bell(hour, 13, 5)
    friday = 0.93 if weekday == _WEEKEND - 1 else 1.0
    return 0.28 + 0.72 * friday * min(1.0, 1.12 * _bell(hour, 12.5, 5.2))


def _shop(weekday: int, hour: int) -> float:
    lift = 1.0 if weekday >= _WEEKEND - 1 else 0.86
    return 0.3 + 0.7 * lift * min(1.0, 0.55 * _bell(hour, 11, 4) + 0.95 * _bell(hour, 18.5, 4))


def _worktime(weekday: int, hour: int) -> float:
    return 1.0 if weekday < _WEEKEND and 6 <= hour < 18 else 0.0


def _nightly(weekday: int, hour: int) -> float:
    return 1.0 if 1 <= hour < (6 if weekday == _WEEKEND else 4) else 0.0


def _six_hourly(weekday: int, hour: int) -> float:
    return 1.0 if hour % 6 == 2 else 0.0


def _training(weekday: int, hour: int) -> float:
    evening = hour >= 18 and weekday in (0, 1, 2, 3)
    morning = hour < 7 and weekday in (1, 2, 3, 4)
    return 1.0 if evening or morning else 0.0


def _monday(weekday: int, hour: int) -> float:
    return 1.0 if weekday == 0 and 4 <= hour < 8 else 0.0


def _never(weekday: int, hour: int) -> float:
    return 0.0


def _flat(weekday: int, hour: int) -> float:
    return 0.9 if weekday >= _WEEKEND else 0.96


# name -> (load at weekday and hour, the hour at which a session ends, hours in a session).
# A session is the time a scaled pod keeps its name; it ends when hardly any such pod runs.
RHYTHMS: dict[str, tuple[Callable[[int, int], float], int, int]] = {
    "flat": (_flat, 4, 24),
    "office": (_office, 4, 24),
    "shop": (_shop, 4, 24),
    "worktime": (_worktime, 4, 24),
    "nightly": (_nightly, 12, 24),
    "six-hourly": (_six_hourly, 0, 6),
    "training": (_training, 12, 24),
    "monday": (_monday, 12, 24),
    "adhoc": (_never, 4, 24),  # a day's run is drawn in `day`
}
JOB_RHYTHMS = frozenset({"nightly", "six-hourly", "training", "monday", "adhoc"})


@lru_cache(maxsize=64)
def week_of_load(rhythm: str, shift: int) -> tuple[float, ...]:
    """Load 0 .. 1 for each hour of a week, with the working day `shift` hours later."""
    load = RHYTHMS[rhythm][0]
    local = [(hour - shift) % 168 for hour in range(168)]
    return tuple(load(hour // 24, hour % 24) for hour in local)


def loads(rhythm: str, shift: int, first_hour: int) -> list[float]:
    """Load of the 24 hours from `first_hour` (hours since the epoch) on."""
    week = week_of_load(rhythm, shift)
    start = first_hour + _EPOCH_WEEKDAY_HOURS
    return [week[(start + offset) % 168] for offset in range(24)]


def session(rhythm: str, shift: int, hour: int) -> int:
    """The number of the session an hour (since the epoch) lies in."""
    _, cut, length = RHYTHMS[rhythm]
    return (hour - shift - cut) // length


def session_start(rhythm: str, shift: int, number: int) -> int:
    """The hour (since the epoch) at which a session begins."""
    _, cut, length = RHYTHMS[rhythm]
    return number * length + cut + shift
