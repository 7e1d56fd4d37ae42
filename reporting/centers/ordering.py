"""Rules are asked in their order: places 1, 2, 3 … without gaps, kept under `one_writer`."""

from collections.abc import Sequence
from typing import TypeVar

from costinsights.core.errors import Conflict, InvalidInput
from reporting.centers.checks import one_writer
from reporting.models import MappingRule, ShareRule

Rule = TypeVar("Rule", MappingRule, ShareRule)


def reorder(kind: type[Rule], ids: Sequence[int]) -> list[Rule]:
    """Put all rules into this order. Raises Conflict when it is not exactly the rules there are now."""
    with one_writer():
        rows = {row.pk: row for row in kind._default_manager.all()}
        if len(set(ids)) < len(ids):
            raise InvalidInput("A rule is named twice.", field="ids")
        if set(ids) != set(rows):
            raise Conflict(
                "The order must name every rule there is once. Rules came or went meanwhile: read them again."
            )
        return _write([rows[pk] for pk in ids])


def place(kind: type[Rule], rule: Rule, position: int | None) -> None:
    """Give one stored rule its place, counted from 1; None and beyond the end: the last."""
    rows = [row for row in kind._default_manager.all() if row.pk != rule.pk]
    rows.insert(len(rows) if position is None else max(0, position - 1), rule)
    _write(rows)


def close_gaps(kind: type[Rule]) -> None:
    """After a rule went."""
    _write(list(kind._default_manager.all()))


def _write(rows: list[Rule]) -> list[Rule]:
    for position, row in enumerate(rows, 1):
        if row.position != position:
            row.position = position
            row.save(update_fields=["position"])
    return rows
