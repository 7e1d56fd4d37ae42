"""The pieces of the statements that `source` puts together."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from costinsights.costs.history.conditions import Condition
from costinsights.costs.history.keymaps import RawKey
from costinsights.costs.history.models import IDLE_SHARE_COLUMNS, MEASURES
from costinsights.costs.history.steps import Step

EVERY_SUM = ", ".join([*(f"sum(f.{name})::bigint" for name in MEASURES), "bit_or(f.flags)"])
Worth = tuple[int, dt.date, dt.date, Decimal]  # a cluster's rate from a day until another


class Best(NamedTuple):
    """A line of a ranking: the keys it may stand for, and about what it costs."""

    raws: list[RawKey]
    is_idle: bool
    is_unmounted: bool  # nothing of it runs anywhere
    total: int


@dataclass(slots=True)
class Asked:
    """The part of a statement that does not depend on what is summed."""

    rows: str
    row_values: list[Any]
    conditions: Sequence[Condition]
    counted: bool
    joins: list[str] = field(default_factory=list)
    join_values: list[Any] = field(default_factory=list)
    own: list[str] = field(default_factory=list)  # the columns that make a key, as `KeyMaps.used`

    def join(self, text: str, *values: Any) -> None:
        self.joins.append(f"JOIN {text}")
        self.join_values += values

    @property
    def text(self) -> str:
        where = " AND ".join(f"({condition.text})" for condition in self.conditions) or "true"
        return f"({self.rows}) AS f {' '.join(self.joins)} WHERE {where}"

    @property
    def parameters(self) -> list[Any]:
        asked = [value for condition in self.conditions for value in condition.parameters]
        return [*self.row_values, *self.join_values, *asked]

    @property
    def having(self) -> str:
        """A key of which everything is taken away again has no line."""
        return " HAVING sum(f.facts) > 0" if self.counted else ""


def fetched(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def bucket_of(step: Step) -> str:
    if step is Step.HOUR:
        return "f.at"
    if step is Step.DAY:
        return "f.at::date"
    return f"date_trunc('{step}', f.at::timestamp)::date"


def is_coarse(step: Step) -> bool:
    return step in (Step.MONTH, Step.QUARTER)


def total_of(share_idle: bool) -> tuple[list[str], str]:
    """The columns of a total, and their sum."""
    needed = ["total_cost", *(IDLE_SHARE_COLUMNS if share_idle else ())]
    return needed, " + ".join(f"f.{name}" for name in needed)
