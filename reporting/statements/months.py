"""Calendar months by their first days."""

import datetime as dt


def month_after(month: dt.date, count: int = 1) -> dt.date:
    """The first day of the month so many months on; before, with a negative count."""
    number = month.year * 12 + month.month - 1 + count
    return dt.date(number // 12, number % 12 + 1, 1)


def month_of(text: str) -> dt.date:
    """The first day of `2026-09`. Raises ValueError."""
    return dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC).date()
