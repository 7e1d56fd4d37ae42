"""How good forecasts of a month are, over generated months whose end is known.

    .venv/bin/python -m tests.bench.forecast [series of each kind]

Every series has 120 days and one seed. It is forecast on the mornings of the 2nd, 6th, 11th, 16th, 21st and 26th of
its last month. References in the same run: the run-rate (mean of the month so far times its days, on the 2nd the
mean of the last 30) and the seasonal naive (the last seven days again and again). Prints the mean absolute
error in percent of the month's total and how many totals lay within the intervals.
"""

import datetime as dt
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from costinsights.costs.history.forecasting import DayCost, project

MONTH = dt.date(2026, 10, 1)
MONTH_END = dt.date(2026, 11, 1)
FIRST = MONTH_END - dt.timedelta(days=120)
MORNINGS = (2, 6, 11, 16, 21, 26)
LENGTH = 120
Series = NDArray[np.float64]


def _noise(chance: np.random.Generator, share: float) -> Series:
    return 1 + share * chance.standard_normal(LENGTH)


def _weekday(chance: np.random.Generator) -> Series:
    """Working days dearer than weekends, by how much differs from series to series."""
    weekend = chance.uniform(0.45, 0.9)
    days = np.array([(FIRST + dt.timedelta(days=n)).weekday() for n in range(LENGTH)])
    return np.where(days >= 5, weekend, 1.0)


def flat(chance: np.random.Generator) -> Series:
    return _noise(chance, 0.05)


def weekdays(chance: np.random.Generator) -> Series:
    return _weekday(chance) * _noise(chance, 0.05)


def growth(chance: np.random.Generator) -> Series:
    """Up or down by up to 1 % a day, for the last 60 days."""
    daily = chance.uniform(-0.005, 0.01)
    ahead = np.maximum(0, np.arange(LENGTH) - 60)
    return _weekday(chance) * _noise(chance, 0.05) * (1 + daily) ** ahead


def shifts(chance: np.random.Generator) -> Series:
    """One step, between half and double, somewhere in the last six weeks."""
    step = np.where(np.arange(LENGTH) >= chance.integers(78, 118), chance.uniform(0.5, 2.0), 1.0)
    return _weekday(chance) * _noise(chance, 0.05) * step


def spikes(chance: np.random.Generator) -> Series:
    """One day in 25 costs three to eight times as much."""
    hit = chance.random(LENGTH) < 0.04
    return (
        _weekday(chance) * _noise(chance, 0.05) * np.where(hit, chance.uniform(3, 8, LENGTH), 1.0)
    )


def wandering(chance: np.random.Generator) -> Series:
    """A level that walks by 1.5 % a day."""
    walk = np.exp(np.cumsum(0.015 * chance.standard_normal(LENGTH)))
    return _weekday(chance) * _noise(chance, 0.05) * walk


def noisy(chance: np.random.Generator) -> Series:
    """Batch jobs: every day is anybody's guess."""
    return chance.lognormal(0.0, 0.5, LENGTH)


KINDS: tuple[Callable[[np.random.Generator], Series], ...] = (
    flat,
    weekdays,
    growth,
    shifts,
    spikes,
    wandering,
    noisy,
)


def run_rate(known: list[int], elapsed: int, left: int) -> float:
    """The mean of the month so far for every day left."""
    recent = known[-elapsed:] if elapsed > 1 else known[-30:]
    return sum(known[len(known) - elapsed :]) + left * sum(recent) / len(recent)


def seasonal(known: list[int], elapsed: int, left: int) -> float:
    """The last seven days again and again."""
    week = known[-7:]
    return sum(known[len(known) - elapsed :]) + sum(week[n % 7] for n in range(left))


class Tally:
    """Errors and hits of one kind."""

    def __init__(self) -> None:
        self.ours: list[float] = []
        self.run_rate: list[float] = []
        self.seasonal: list[float] = []
        self.within_80: list[bool] = []
        self.within_95: list[bool] = []
        self.widths: list[float] = []

    def add(self, amounts: list[int], morning: int) -> None:
        today = MONTH.replace(day=morning)
        elapsed, left = morning - 1, 32 - morning
        known = amounts[: LENGTH - left]
        days = [DayCost(FIRST + dt.timedelta(days=n), value, True) for n, value in enumerate(known)]
        found = project(days, MONTH, MONTH_END, today=today)
        truth = sum(amounts[-31:])
        self.ours.append(abs(found.total - truth) / truth)
        self.run_rate.append(abs(run_rate(known, elapsed, left) - truth) / truth)
        self.seasonal.append(abs(seasonal(known, elapsed, left) - truth) / truth)
        self.within_80.append(found.within_80.low <= truth <= found.within_80.high)
        self.within_95.append(found.within_95.low <= truth <= found.within_95.high)
        self.widths.append((found.within_80.high - found.within_80.low) / truth)

    def line(self, name: str) -> str:
        errors = [100 * float(np.mean(e)) for e in (self.ours, self.run_rate, self.seasonal)]
        hits = [100 * float(np.mean(h)) for h in (self.within_80, self.within_95)]
        width = 100 * float(np.mean(self.widths))
        ratio = errors[0] / errors[1]
        return (
            f"{name:<12}{errors[0]:>9.2f}{errors[1]:>10.2f}{errors[2]:>10.2f}{ratio:>8.2f}"
            f"{hits[0]:>10.1f}{hits[1]:>8.1f}{width:>9.1f}"
        )


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main(count: int) -> None:
    say("mean error in % of the month's total               | totals within, %  | width")
    say(
        f"{'':<12}{'ours':>9}{'run-rate':>10}{'seasonal':>10}{'ratio':>8}{'80 %':>10}{'95 %':>8}{'%':>9}"
    )
    everything, spent, made = Tally(), 0.0, 0
    for place, kind in enumerate(KINDS):
        tally = Tally()
        for number in range(count):
            chance = np.random.default_rng([place, number])
            amounts = [max(0, round(value * 250_000_000)) for value in kind(chance)]
            begun = time.process_time()
            for morning in MORNINGS:
                tally.add(amounts, morning)
                everything.add(amounts, morning)
                made += 2
            spent += time.process_time() - begun
        say(tally.line(kind.__name__))
    say(everything.line("all"))
    say(f"{made // 2:,} forecasts, {1_000 * spent / made:.2f} ms of CPU each")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
