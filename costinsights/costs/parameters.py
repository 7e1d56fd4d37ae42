"""Parameters that every question about costs has, checked one way. Each raises InvalidInput."""

from enum import StrEnum

from costinsights.core.errors import InvalidInput
from costinsights.opencost.filters import Filter, parse_filter

LONGEST_FILTER = 4_000


class IdleMode(StrEnum):
    """What happens to idle cost: a row of its own, shared over the workloads, or left out and said so."""

    SEPARATE = "separate"
    SHARE = "share"
    HIDE = "hide"


def parse_filter_text(text: str) -> Filter | None:
    if not text:
        return None
    if len(text) > LONGEST_FILTER:
        raise InvalidInput(
            f"A filter has at most {LONGEST_FILTER} characters; this one has {len(text)}.",
            field="filter",
            value=f"{text[:60]}…",
        )
    return parse_filter(text)


def parse_clusters(text: str) -> tuple[str, ...]:
    """Slugs, each once, in alphabetical order: the order asked for changes nothing."""
    return tuple(sorted({slug.strip() for slug in text.split(",") if slug.strip()}))


def parse_idle(text: str) -> IdleMode:
    try:
        return IdleMode(text)
    except ValueError:
        raise InvalidInput(
            f"“{text}” is no way to show idle cost. Use {', '.join(IdleMode)}.",
            field="idle",
            value=text,
        ) from None


def parse_limit(text: str, *, default: int, most: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= most:
        raise InvalidInput(
            f"limit is a whole number from 1 to {most:,}.", field="limit", value=text
        )
    return int(text)


def parse_currency(text: str) -> str:
    code = text.upper()
    if code and not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise InvalidInput(
            "A currency is three letters, ISO 4217, such as EUR.", field="currency", value=text
        )
    return code
