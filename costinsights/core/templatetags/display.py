"""How numbers and instants look on a page: money, shares, quantities, ages."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from django import template
from django.utils import timezone

from costinsights.core.money import amount_text, decimal_from_micros

register = template.Library()

UNKNOWN = "—"
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CNY": "CN¥"}
_SHORT = ((1_000_000_000, "bn"), (1_000_000, "M"), (1_000, "k"))


def _with_currency(sign: str, number: str, currency: str) -> str:
    symbol = _SYMBOLS.get(currency)
    if symbol:
        return f"{sign}{symbol}{number}"
    return f"{sign}{number} {currency}".rstrip()


def money_text(micros: int | None, currency: str = "") -> str:
    """Micro-units for a person: $1,234.56, −$12.00; tiny amounts keep two digits that matter.

    None is a dash, never zero: missing is not nothing.
    """
    if micros is None:
        return UNKNOWN
    sign = "−" if micros < 0 else ""
    amount = abs(decimal_from_micros(micros))
    if amount and amount < Decimal("0.01"):
        places = 3 if amount >= Decimal("0.001") else 6
        number = f"{amount:.{places}f}"
    else:
        number = f"{amount.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,}"
    return _with_currency(sign, number, currency)


def money_short_text(micros: int | None, currency: str = "") -> str:
    """Micro-units for an axis or a tight place: $1.2k, $950, $0.42."""
    if micros is None:
        return UNKNOWN
    sign = "−" if micros < 0 else ""
    amount = abs(decimal_from_micros(micros))
    for size, suffix in _SHORT:
        if amount >= size:
            return _with_currency(sign, f"{amount / size:.1f}{suffix}", currency)
    return _with_currency(sign, f"{amount:.0f}" if amount >= 100 else f"{amount:.2f}", currency)


def percent_text(share: Decimal | float | None) -> str:
    """A share between 0 and 1 as a percentage with one decimal."""
    if share is None:
        return UNKNOWN
    value = Decimal(str(share)) * 100
    if value and abs(value) < Decimal("0.1"):
        return "<0.1%" if value > 0 else "−<0.1%"
    return f"{value:.1f}%".replace("-", "−")


def age_text(seconds: float | None) -> str:
    """How old something is: 40 s, 3 min, 5 h, 2 days."""
    if seconds is None:
        return UNKNOWN
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 48 * 3600:
        return f"{whole // 3600} h"
    return f"{whole // 86400} days"


@register.filter
def money(micros: int | None, currency: str = "") -> str:
    return money_text(micros, currency)


@register.filter
def money_short(micros: int | None, currency: str = "") -> str:
    return money_short_text(micros, currency)


@register.filter
def money_exact(micros: int | None, currency: str = "") -> str:
    """All six decimals, for a tooltip or a check by hand."""
    return UNKNOWN if micros is None else f"{amount_text(micros)} {currency}".rstrip()


@register.filter
def signed_money(micros: int | None, currency: str = "") -> str:
    """With its sign even when positive: +$12.00, −$0.50, $0.00."""
    text = money_text(micros, currency)
    return f"+{text}" if micros and micros > 0 else text


@register.filter
def percent(share: Decimal | float | None) -> str:
    return percent_text(share)


@register.filter
def signed_percent(share: Decimal | float | None) -> str:
    text = percent_text(share)
    return f"+{text}" if share and share > 0 else text


@register.filter
def quantity(amount: Decimal | float | None) -> str:
    """Hours of something: one decimal below a hundred, thousands grouped above."""
    if amount is None:
        return UNKNOWN
    return f"{amount:,.1f}" if -100 < amount < 100 else f"{amount:,.0f}"


@register.filter
def age(seconds: float | None) -> str:
    return age_text(seconds)


@register.filter
def instant(at: datetime | None) -> str:
    """An instant as a person reads it, in the time zone that is active: 14 Sep 2026, 12:05 CEST.

    A zone without letters for a name shows its offset: UTC+05:45. Days and hours of costs never pass
    through here: they are UTC everywhere.
    """
    if at is None:
        return UNKNOWN
    local = timezone.localtime(at)
    name = local.tzname() or ""
    return f"{local:%-d %b %Y, %H:%M} {name if name.isalpha() else f'UTC{local.isoformat()[-6:]}'}"


@register.filter
def utc_instant(at: datetime | None) -> str:
    """An end of stored costs: days and hours of costs are UTC everywhere. 14 Sep 2026, 12:00 UTC."""
    return UNKNOWN if at is None else f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"
