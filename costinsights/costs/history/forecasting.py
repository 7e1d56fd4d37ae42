"""What the rest of a period will cost, from its days so far. Arithmetic alone: no database, no clock.

A day's expected cost is a level times the factor of its weekday, plus a damped slope. Medians and clipped means
find all three, so that a spike moves nothing; the level is taken over the longest recent stretch that agrees with
itself, so that a step up or down counts after about a week. The interval adds up what each of them may be wrong by.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOOKBACK = 91  # days that are learned from: thirteen weeks
LEAST_DAYS = 14
OLDEST_NEWS = 14  # days since the newest complete day; beyond that nothing is foretold
_WEEK = 7
_WEEKS_OF_PATTERN = 8
_STRETCHES = (4, 7, 10, 14, 21, 28, 42)
_SLOPE_DAYS = 28
_DAMPING = 0.985  # how much of a day's slope is left on the next
_AGREES = 3.0  # standard errors by which two stretches may differ and still be one level
_CLIP = 3.0  # standard deviations from the median past which a day is a spike
_LEAST_DRIFT = 0.006  # of the level, in a day: nothing stays exactly as it is
_TRY_EVERY = 7  # days between the earlier days that are foretold from, to see how far off
_LEAST_TRIES = 3
_MAD = 1.4826  # a median absolute deviation is this much below a standard deviation
_MEDIAN_COST = 1.57  # the variance of a median over that of a mean
_Z80, _Z95 = 1.2816, 1.9600


@dataclass(frozen=True, slots=True)
class DayCost:
    """What is stored of one UTC day, in micro-units; None where nothing is."""

    day: dt.date
    amount: int | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, in micro-units."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a period, in micro-units. Days of today and later are `days_left`."""

    actual: int  # complete days
    incomplete: int  # what is stored of days that are over and not complete
    days_complete: int
    days_incomplete: int  # over, and partly stored or not at all
    days_left: int

    @property
    def spent(self) -> int:
        """Everything stored of the days that are over: at least this much was spent."""
        return self.actual + self.incomplete


@dataclass(frozen=True, slots=True)
class Projection:
    """A period's total: what is known, what incomplete days lack, what is left. Adds up exactly."""

    total: int
    gaps: int  # expected of what the incomplete days lack
    remainder: int  # expected of today and later
    within_80: Interval
    within_95: Interval
    expected: dict[dt.date, int]  # per day that is estimated, beyond what is stored of it
    learned_from: int  # complete days


class NotEnoughDays(Exception):  # no error: the caller says why there is no forecast
    """Too little is known to foretell anything. `reason` is a sentence for people."""

    def __init__(self, reason: str, days: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.days = days


def known_of(days: Iterable[DayCost], start: dt.date, end: dt.date, *, today: dt.date) -> Known:
    """What is stored of [start, end) on days before `today`."""
    inside = {cost.day: cost for cost in days if start <= cost.day < min(end, today)}
    complete = [cost.amount or 0 for cost in inside.values() if cost.is_complete]
    partly = [cost.amount or 0 for cost in inside.values() if not cost.is_complete]
    elapsed = max(0, (min(end, today) - start).days)
    return Known(
        actual=sum(complete),
        incomplete=sum(partly),
        days_complete=len(complete),
        days_incomplete=elapsed - len(complete),
        days_left=(end - start).days - elapsed,
    )


def project(
    days: Iterable[DayCost],
    start: dt.date,
    end: dt.date,
    *,
    today: dt.date,
    learn_from: dt.date | None = None,
) -> Projection:
    """The total of [start, end), seen on the morning of `today`. The order of `days` plays no part.

    Only complete days before `today`, and from `learn_from` on, are learned from. Raises NotEnoughDays.
    """
    by_day = {cost.day: cost for cost in days if cost.day < today}
    known = known_of(by_day.values(), start, end, today=today)
    missing = [day for day in _days(start, end) if not (day in by_day and by_day[day].is_complete)]
    if not missing:
        exact = Interval(known.actual, known.actual)
        return Projection(known.actual, 0, 0, exact, exact, {}, 0)
    series, last = _series(by_day.values(), today=today, learn_from=learn_from)
    model = _Model.learn(series)
    offsets = np.array([(day - last).days for day in missing], dtype=np.float64)
    points = model.at(offsets)
    # A day's cost is never foretold below what is stored of it already.
    stored = np.array([(by_day[d].amount or 0) if d in by_day else 0 for d in missing], np.float64)
    expected = {
        day: round(float(value))
        for day, value in zip(missing, np.maximum(points - stored, model.floor), strict=True)
    }
    gaps = sum(amount for day, amount in expected.items() if day < today)
    remainder = sum(amount for day, amount in expected.items() if day >= today)
    total = known.spent + gaps + remainder
    error = max(model.error(offsets), _error_seen(series, offsets))
    least = known.spent if model.floor == 0 else None
    return Projection(
        total=total,
        gaps=gaps,
        remainder=remainder,
        within_80=_interval(total, error * _student(_Z80, model.days), least),
        within_95=_interval(total, error * _student(_Z95, model.days), least),
        expected=expected,
        learned_from=int(np.isfinite(series).sum()),
    )


def _days(start: dt.date, end: dt.date) -> list[dt.date]:
    return [start + dt.timedelta(days=number) for number in range((end - start).days)]


def _interval(total: int, width: float, least: int | None) -> Interval:
    low, high = total - round(width), total + round(width)
    return Interval(low if least is None else min(total, max(low, least)), high)


def _series(
    days: Iterable[DayCost], *, today: dt.date, learn_from: dt.date | None
) -> tuple[Floats, dt.date]:
    """The complete days as an array that ends with the newest one, NaN where a day is unknown."""
    first = max(today - dt.timedelta(days=LOOKBACK), learn_from or dt.date.min)
    known = {c.day: c.amount or 0 for c in days if c.is_complete and first <= c.day < today}
    if len(known) < LEAST_DAYS:
        raise NotEnoughDays(
            f"A forecast needs {LEAST_DAYS} complete days; there are {len(known)}.", len(known)
        )
    last = max(known)
    age = (today - last).days - 1
    if age > OLDEST_NEWS:
        raise NotEnoughDays(
            f"The newest complete day is {last:%-d %b %Y}, too long ago for a forecast.", len(known)
        )
    series = np.full((last - min(known)).days + 1, np.nan)
    for day, amount in known.items():
        series[-1 - (last - day).days] = amount
    return series, last


@dataclass(frozen=True, slots=True)
class _Model:
    """A level, seven factors and a slope, with what each may be wrong by. Day 0 is the newest known one."""

    level: float
    slope: float
    factors: Floats  # by days after the newest known one, modulo 7
    noise: float  # standard deviation of a day around its expected cost
    days: int  # days behind the level
    slope_error: float
    drift: float  # standard deviation of the level's step from a day to the next
    floor: float  # 0 where no day was ever negative

    @classmethod
    def learn(cls, series: Floats) -> "_Model":
        factors = _weekday_factors(series)
        positions = np.arange(len(series)) - (len(series) - 1)
        plain = series / factors[positions % _WEEK]
        jitter = _jitter(plain)
        slope, slope_error = _slope(plain, jitter)
        at, values = positions[np.isfinite(plain)], plain[np.isfinite(plain)]
        flat = values - slope * at
        stretch = _stretch(flat, jitter)
        recent = flat[-stretch:]
        level, noise = _clipped_mean(recent, jitter)
        return cls(
            level=level,
            slope=slope,
            factors=factors,
            noise=noise,
            days=stretch,
            slope_error=slope_error,
            drift=_drift(flat, jitter, level),
            floor=0.0 if values.min() >= 0 else -np.inf,
        )

    def at(self, offsets: Floats) -> Floats:
        """Expected cost so many days after the newest known one."""
        values = self.level + self.slope * _damped(offsets)
        if self.floor == 0:
            values = np.maximum(values, 0.0)
        return np.asarray(values * self.factors[offsets.astype(int) % _WEEK])

    def error(self, offsets: Floats) -> float:
        """The standard error of the sum over days."""
        factors = self.factors[offsets.astype(int) % _WEEK]
        ahead = np.maximum(offsets, 0.0)
        days = self.noise**2 * float((factors**2).sum())
        level = self.noise**2 / self.days * float(factors.sum()) ** 2
        slope = (self.slope_error * float((factors * _damped(offsets)).sum())) ** 2
        steps = np.minimum(ahead[:, None], ahead[None, :])
        drift = self.drift**2 * float(factors @ steps @ factors)
        return float(np.sqrt(days + level + slope + drift))


def _error_seen(series: Floats, offsets: Floats) -> float:
    """How far sums over the same days ahead would have been off, had they been foretold on earlier days.

    The root of the mean square; 0.0 where there are not enough earlier days to try.
    """
    ahead = offsets[offsets > 0]
    if not len(ahead):
        return 0.0
    horizon = int(ahead.max())
    squares = []
    for origin in range(len(series) - horizon, 4 * _WEEK - 1, -_TRY_EVERY):
        truth = series[origin - 1 + ahead.astype(int)]
        seen = np.isfinite(truth)
        past = series[:origin]
        if not np.isfinite(past[-1]) or np.isfinite(past).sum() < LEAST_DAYS or not seen.any():
            continue
        points = _Model.learn(past).at(ahead)
        off = float((truth[seen] - points[seen]).sum()) * len(ahead) / int(seen.sum())
        squares.append(off**2)
    if len(squares) < _LEAST_TRIES:
        return 0.0
    return float(np.sqrt(np.mean(squares)))


def _damped(offsets: Floats) -> Floats:
    """How many days' worth of slope lie between day 0 and a day: fewer and fewer for each one ahead."""
    ahead = _DAMPING * (1 - _DAMPING ** np.maximum(offsets, 0.0)) / (1 - _DAMPING)
    return np.asarray(np.where(offsets > 0, ahead, offsets))


def _weekday_factors(series: Floats) -> Floats:
    """Seven factors around 1, for the newest day first and then the days after it.

    Median polish over weeks and weekdays, then shrunk towards 1 as far as chance alone could have made them.
    """
    recent = series[-_WEEK * _WEEKS_OF_PATTERN :]
    weeks = -(-len(recent) // _WEEK)
    padded = np.full(weeks * _WEEK, np.nan)
    padded[len(padded) - len(recent) :] = recent
    table = padded.reshape(weeks, _WEEK)  # each row ends with the weekday of the newest day
    factors = np.ones(_WEEK)
    for _ in range(4):
        levels = _nanmedian(table / factors, axis=1)
        levels = np.where(levels > 0, levels, np.nan)
        found = _nanmedian(table / levels[:, None], axis=0)
        factors = np.where(np.isfinite(found) & (found > 0), found, 1.0)
        factors = factors / factors.mean()
    seen = np.isfinite(table).sum(axis=0).min()
    if seen < 2:
        return np.ones(_WEEK)
    residuals = table / levels[:, None] / factors - 1
    scatter = _MAD * float(_nanmedian(np.abs(residuals[None, :, :].reshape(1, -1)), axis=1)[0])
    chance = _MEDIAN_COST * scatter**2 / seen
    spread = float(((factors - 1) ** 2).sum())
    kept = max(0.0, 1 - 4 * chance / spread) if spread > 0 else 0.0
    return np.roll(1 + kept * (factors - 1), 1)


def _nanmedian(values: Floats, axis: int) -> Floats:
    """`numpy.nanmedian` that says NaN of nothing without a warning."""
    empty = ~np.isfinite(values).any(axis=axis)
    filled = np.where(np.isfinite(values), values, np.nan)
    held = np.where(np.expand_dims(empty, axis), 0.0, filled)
    return np.asarray(np.where(empty, np.nan, np.nanmedian(held, axis=axis)))


def _jitter(plain: Floats) -> float:
    """The day-to-day standard deviation, which steps and slopes hardly touch."""
    values = plain[np.isfinite(plain)]
    steps = np.diff(values)
    return _MAD * float(np.median(np.abs(steps - np.median(steps)))) / 2**0.5


def _slope(plain: Floats, jitter: float) -> tuple[float, float]:
    """Change in a day, from days a week apart: one step in the level touches a quarter of the pairs only."""
    pairs = (plain[_WEEK:] - plain[:-_WEEK])[-_SLOPE_DAYS:] / _WEEK
    pairs = pairs[np.isfinite(pairs)]
    if len(pairs) < 2 * _WEEK:
        return 0.0, 0.0
    slope = float(np.median(pairs))
    scatter = _MAD * float(np.median(np.abs(pairs - slope)))
    error = max(scatter, jitter * np.sqrt(2) / _WEEK) * np.sqrt(_MEDIAN_COST / len(pairs))
    if slope == 0:
        return 0.0, error
    return slope * max(0.0, 1 - (error / slope) ** 2), error


def _stretch(flat: Floats, jitter: float) -> int:
    """How many of the newest days make up one level: as many as agree."""
    chosen = min(_STRETCHES[0], len(flat))
    for length in _STRETCHES[1:]:
        if length > len(flat):
            break
        newer, older = flat[-chosen:], flat[-length:-chosen]
        error = jitter * np.sqrt(_MEDIAN_COST * (1 / len(newer) + 1 / len(older)))
        if abs(float(np.median(newer) - np.median(older))) > _AGREES * error:
            break
        chosen = length
    return chosen


def _clipped_mean(values: Floats, jitter: float) -> tuple[float, float]:
    """The mean with spikes cut down, and the standard deviation of a day with spikes counted in part."""
    middle = float(np.median(values))
    scale = max(_MAD * float(np.median(np.abs(values - middle))), jitter)
    clipped = np.clip(values, middle - _CLIP * scale, middle + _CLIP * scale)
    return float(clipped.mean()), max(float(clipped.std()), scale)


def _drift(flat: Floats, jitter: float, level: float) -> float:
    """How far the level wanders in a day: what weekly medians move beyond chance, at least a little."""
    weeks = [flat[end - _WEEK : end] for end in range(len(flat), _WEEK - 1, -_WEEK)][:9]
    medians = np.array([np.median(week) for week in weeks])
    least = _LEAST_DRIFT * abs(level)
    if len(medians) < 4:
        return least
    moves = np.diff(medians)
    seen = (_MAD * float(np.median(np.abs(moves)))) ** 2
    chance = 2 * _MEDIAN_COST * jitter**2 / _WEEK
    return max(least, float(np.sqrt(max(0.0, seen - chance) / _WEEK)))


def _student(z: float, days: int) -> float:
    """Student's quantile from the normal one: few days make wide intervals."""
    freedom = max(3, days - 1)
    first = (z**3 + z) / (4 * freedom)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return float(z + first + second)
