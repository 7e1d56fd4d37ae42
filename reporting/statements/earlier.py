"""What earlier months were billed: for the column “previous period”, the bars of thirteen months and the movers."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import F, Max

from reporting.models import Period, Statement, StatementLine
from reporting.statements.document import MonthTotal
from reporting.statements.months import month_after

Key = tuple[str, ...]  # line type, pool, cluster, namespace, controller kind, controller
Payer = tuple[str, str]  # bucket, code
MONTHS = 13
QUANTITIES = (
    ("cpu_core_hours", "cpu_cost"),
    ("ram_byte_hours", "ram_cost"),
    ("gpu_hours", "gpu_cost"),
    ("pv_byte_hours", "pv_cost"),
)


@dataclass(slots=True)
class EarlierLine:
    """A line of the month before, added up over what makes it itself."""

    billed: int = 0
    quantities: list[int] = field(default_factory=lambda: [0] * len(QUANTITIES))
    costs: list[int] = field(default_factory=lambda: [0] * len(QUANTITIES))


@dataclass(slots=True)
class Earlier:
    """The month before (None where it has no statements in this currency) and the totals of twelve."""

    totals: dict[Payer, int] | None = None
    lines: dict[Payer, dict[Key, EarlierLine]] = field(default_factory=dict)
    months: dict[Payer, dict[str, int]] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)

    @classmethod
    def before(cls, month: dt.date, currency: str) -> "Earlier":
        found = cls()
        first = month_after(month, 1 - MONTHS)
        found._names = [f"{month_after(month, -k):%Y-%m}" for k in range(MONTHS - 1, 0, -1)]
        latest = _latest(first, month)
        rows = Statement.objects.filter(period__month__gte=first, period__month__lt=month).only(
            "bucket", "code", "billed", "currency", "revision", "period"
        )
        previous = month_after(month, -1)
        for row in rows.annotate(month=F("period__month")):
            if row.revision != latest[row.period_id] or row.currency != currency:
                continue
            payer = (row.bucket, row.code)
            found.months.setdefault(payer, {})[f"{row.month:%Y-%m}"] = row.billed
            if row.month == previous:
                found.totals = {**(found.totals or {}), payer: row.billed}
        if found.totals is not None:
            found._load_lines(previous, latest)
        return found

    def _load_lines(self, previous: dt.date, latest: Mapping[int, int]) -> None:
        period = Period.objects.get(month=previous)
        rows = StatementLine.objects.filter(
            statement__period=period, statement__revision=latest[period.pk]
        ).values_list(
            "statement__bucket",
            "statement__code",
            "line_type",
            "pool",
            "cluster",
            "namespace",
            "controller_kind",
            "controller",
            "billed_cost",
            *(name for pair in QUANTITIES for name in pair),
        )
        lines: dict[Payer, dict[Key, EarlierLine]] = defaultdict(lambda: defaultdict(EarlierLine))
        for row in rows.iterator(chunk_size=5_000):
            line = lines[row[0], row[1]][row[2:8]]
            line.billed += row[8]
            for place in range(len(QUANTITIES)):
                line.quantities[place] += row[9 + 2 * place]
                line.costs[place] += row[10 + 2 * place]
        self.lines = {payer: dict(found) for payer, found in lines.items()}

    def total(self, payer: Payer) -> int | None:
        """What the payer was billed the month before; 0 for one that had no statement, None if nobody had."""
        return None if self.totals is None else self.totals.get(payer, 0)

    def line(self, payer: Payer, key: Key) -> EarlierLine | None:
        """None where the month before is not known; an empty line where it had no such line."""
        if self.totals is None:
            return None
        return self.lines.get(payer, {}).get(key) or EarlierLine()

    def bars(self, payer: Payer, month: dt.date, billed: int) -> list[MonthTotal]:
        """Up to thirteen months, the oldest first, from the first that is known."""
        known = self.months.get(payer, {})
        bars = [MonthTotal(month=name, billed=known.get(name)) for name in self._names]
        while bars and bars[0].billed is None:
            bars.pop(0)
        return [*bars, MonthTotal(month=f"{month:%Y-%m}", billed=billed)]


def _latest(first: dt.date, month: dt.date) -> dict[int, int]:
    """The revision that counts of each month: the last close, or the preliminary one."""
    found = (
        Statement.objects.filter(period__month__gte=first, period__month__lt=month)
        .values_list("period_id")
        .annotate(Max("revision"))
        .order_by()
    )
    return dict(found)
