"""Cells of CSV files that people open in a spreadsheet."""

from collections.abc import Iterable

# What a spreadsheet would take for the beginning of a formula, full-width twins included.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cells(texts: Iterable[str]) -> list[str]:
    """Texts that no spreadsheet runs: what would begin a formula gets an apostrophe in front."""
    return [f"'{text}" if text.startswith(_FORMULA_STARTS) else text for text in texts]
