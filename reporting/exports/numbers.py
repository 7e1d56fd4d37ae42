"""Numbers as plain decimal text: a point, no separators, no exponent."""

from collections.abc import Iterable

from costinsights.core.money import MICROS_PER_UNIT, amount_text

__all__ = ["amount_text", "amount_texts", "decimal_text", "grouped", "minor_text"]


def decimal_text(value: int, scale: int) -> str:
    """A whole number of 10^-scale: (12345, 2) → '123.45'."""
    sign = "-" if value < 0 else ""
    units, rest = divmod(abs(value), 10**scale)
    return f"{sign}{units}.{rest:0{scale}d}"


def amount_texts(values: Iterable[int | None]) -> list[str]:
    """`amount_text` of many, "" for None; most amounts of a statement are zero or positive."""
    one = MICROS_PER_UNIT
    return [
        f"{value // one}.{value % one:06d}"
        if value and value > 0
        else "0.000000"
        if value == 0
        else ""
        if value is None
        else amount_text(value)
        for value in values
    ]


def minor_text(micros: int, digits: int) -> str:
    """An amount of whole minor units with as many decimals as the currency has: '12.30'.

    An amount that is finer than a minor unit keeps what it has beyond it.
    """
    text = amount_text(micros)
    whole, _, rest = text.partition(".")
    kept = rest[:digits] + rest[digits:].rstrip("0")
    return f"{whole}.{kept}" if kept else whole


def grouped(text: str) -> str:
    """The same for people: a comma between thousands, a true minus."""
    sign = "−" if text.startswith("-") else ""
    whole, point, rest = text.removeprefix("-").partition(".")
    return f"{sign}{int(whole):,}{point}{rest}"
