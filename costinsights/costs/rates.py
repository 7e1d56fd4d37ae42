"""Exchange rates as questions ask for them: what a currency was worth on a day. Unknown is never 1."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import msgspec

from costinsights.core.errors import InvalidInput
from costinsights.core.money import convert
from costinsights.core.tenancy import current_tenant
from costinsights.costs.models import ExchangeRate
from costinsights.opencost.schema import AllocatedCost


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of `currency` is `rate` units of `to_currency`.

    `valid_from` is the day since when; None for a currency and itself, which needs no rate.
    """

    currency: str
    to_currency: str
    rate: Decimal
    valid_from: date | None
    source: str = ""

    @property
    def is_identity(self) -> bool:
        return self.currency == self.to_currency

    def __str__(self) -> str:
        """`EUR 1.0855 2026-11-01`: the same for the same rate, for cache names and exports."""
        return f"{self.currency} {self.text} {self.valid_from}"

    @property
    def text(self) -> str:
        """The rate without the zeros that say nothing."""
        return f"{self.rate.normalize():f}"


def rate_on(currency: str, day: date, *, to_currency: str = "") -> Rate | None:
    """The rate of `day` to the reporting currency (or `to_currency`): the latest at or before it.

    None when there is none: the amount is then unknown in that currency.
    """
    target = to_currency or current_tenant().reporting_currency
    return RateBook.load(target, {currency}, [day]).on(currency, day)


@dataclass(frozen=True, slots=True)
class RateBook:
    """The rates to one currency that a stretch of days can need."""

    to_currency: str
    _by_currency: dict[str, list[Rate]] = field(default_factory=dict)  # newest first

    @classmethod
    def load(
        cls, to_currency: str, currencies: Collection[str], days: Sequence[date]
    ) -> "RateBook":
        """What `days` need for these currencies. Asks nothing where only one currency is in play."""
        foreign = set(currencies) - {to_currency}
        if not foreign or not days:
            return cls(to_currency)
        first, last = min(days), max(days)
        pairs = ExchangeRate.objects.filter(to_currency=to_currency, currency__in=foreign)
        later = pairs.filter(valid_from__gt=first, valid_from__lte=last)
        earlier = (
            pairs.filter(valid_from__lte=first)
            .order_by("currency", "-valid_from")
            .distinct("currency")
        )
        found: dict[str, list[Rate]] = {}
        for row in sorted([*later, *earlier], key=lambda row: row.valid_from, reverse=True):
            found.setdefault(row.currency, []).append(_rate(row))
        return cls(to_currency, found)

    def on(self, currency: str, day: date) -> Rate | None:
        """The rate of a day; None where nobody entered one."""
        if currency == self.to_currency:
            return Rate(currency, currency, Decimal(1), None)
        for rate in self._by_currency.get(currency, ()):
            if rate.valid_from is not None and rate.valid_from <= day:
                return rate
        return None

    def missing_on(self, currency: str, days: Iterable[date]) -> date | None:
        """The first of `days` without a rate; None when every day has one."""
        return next((day for day in days if self.on(currency, day) is None), None)

    def refusal(self, currency: str, days: Iterable[date]) -> str:
        """Why costs in `currency` cannot be converted on these days, for a person."""
        missing = self.missing_on(currency, days)
        on = f" for {missing:%-d %b %Y}" if missing else ""
        return f"Its costs are in {currency}, and no exchange rate to {self.to_currency} is entered{on}."

    def used(self, currencies: Iterable[str], days: Sequence[date]) -> list[Rate]:
        """The rates that these days of these currencies take, each once, by currency and day."""
        found = {
            str(rate): rate
            for currency in sorted(set(currencies) - {self.to_currency})
            for day in sorted(days)
            if (rate := self.on(currency, day)) is not None
        }
        return list(found.values())


def too_large(rate: Rate) -> InvalidInput:
    """What to say where a rate makes amounts that cannot be held."""
    return InvalidInput(
        f"At {rate.text} {rate.to_currency} for 1 {rate.currency} amounts become too large to hold. "
        "Correct the exchange rate, or ask for another currency.",
        field="currency",
        value=rate.to_currency,
    )


def check_currency(asked: str, *, own: str, used: Collection[str]) -> None:
    """Raises InvalidInput for a currency that is neither the tenant's own nor that of a chosen cluster."""
    if used and asked not in {own, *used}:
        raise InvalidInput(
            f"No chosen cluster's costs are in {asked}; there is {', '.join(sorted(used))}.",
            field="currency",
            value=asked,
        )


def rates_text(rates: Iterable[Rate]) -> str:
    """The rates in one line, for exports: `EUR 1.0855 2026-11-01; GBP 1.27 2026-11-01`."""
    return "; ".join(map(str, rates))


def _rate(row: ExchangeRate) -> Rate:
    return Rate(row.currency, row.to_currency, row.rate, row.valid_from, row.source)


_AMOUNTS = (
    "cpu_cost",
    "ram_cost",
    "gpu_cost",
    "pv_cost",
    "network_cost",
    "load_balancer_cost",
    "shared_cost",
    "external_cost",
)


def convert_rows(rows: Sequence[AllocatedCost], rate: Rate) -> Sequence[AllocatedCost]:
    """The rows in the other currency.

    Each component of each row is converted and rounded half to even for itself, before anything is grouped,
    shared or added up: every total is a sum of converted rows, so rows add up to totals at every level.
    Raises AmountOutOfRange.
    """
    if rate.is_identity:
        return rows
    return [_converted(row, rate.rate) for row in rows]


def _converted(row: AllocatedCost, rate: Decimal) -> AllocatedCost:
    amounts = {name: convert(amount, rate) for name in _AMOUNTS if (amount := getattr(row, name))}
    if row.reported_total is not None:
        amounts["reported_total"] = convert(row.reported_total, rate)
    return msgspec.structs.replace(row, **amounts)
