"""The costs of a month as the allocation takes them: from the book of record, day windows only.

Amounts in another currency than the statement's are converted as everywhere else: each component of each stored
row at its day's rate, rounded half to even for itself, before anything is added up.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db import connection

from costinsights.core.errors import Conflict
from costinsights.core.money import convert
from costinsights.core.periods import DAY
from costinsights.costs.history.models import Grain, Snapshot, SnapshotState
from costinsights.costs.models import Cluster
from costinsights.costs.rates import Rate, RateBook, rate_on
from costinsights.opencost.rows import RowKind
from reporting.allocation.types import COMPONENTS, USAGE, CostFact, FactKind, Stretch

_COSTS = tuple(f"{component}_cost" for component in COMPONENTS)
_MONEY_IN_USAGE = {USAGE.index("cpu_used_cost"), USAGE.index("ram_used_cost")}
_KINDS = {
    RowKind.WORKLOAD.value: FactKind.WORKLOAD,
    RowKind.IDLE.value: FactKind.IDLE,
    RowKind.UNMOUNTED.value: FactKind.UNMOUNTED,
}


class MissingRate(Conflict):
    """An amount cannot be told in the statement's currency."""

    code = "exchange_rate_missing"
    title = "An exchange rate is missing"


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A day of a cluster as the ledger knew it: what the evidence lists and late data are found by."""

    cluster: str
    layer: str = ""  # allocations
    day: dt.date
    state: str
    revision: int
    total: int
    rows: int
    unknown_rows: int
    facts_sha256: str
    opencost_version: str

    @property
    def counts(self) -> bool:
        """Whether nothing of the day is missing. An empty answer is an answer."""
        return self.state in (SnapshotState.OK, SnapshotState.EMPTY)


@dataclass(slots=True)
class Books:
    """The clusters and windows that answer for a month, and the rates that its amounts take."""

    start: dt.date
    end: dt.date
    currency: str
    clusters: list[Cluster]
    windows: list[Window]
    rates: RateBook
    missing: list[str] = field(default_factory=list)  # `cluster 2026-09-14`

    @classmethod
    def open(cls, start: dt.date, end: dt.date, currency: str) -> "Books":
        """Raises MissingRate when a cluster's costs cannot be converted on some day."""
        clusters = _clusters()
        windows = _windows(clusters, start, end)
        days = [start + DAY * place for place in range((end - start).days)]
        rates = RateBook.load(currency, {cluster.currency for cluster in clusters}, days)
        books = cls(start, end, currency, clusters, windows, rates)
        books._find_missing(days)
        return books

    @property
    def is_sample(self) -> bool:
        return any(cluster.is_demo for cluster in self.clusters)

    @property
    def complete_micros(self) -> int:
        """The share of the days of the clusters that is stored whole, of 1,000,000."""
        whole = len(self.missing) + sum(window.counts for window in self.windows)
        return 1_000_000 * (whole - len(self.missing)) // whole if whole else 0

    @property
    def unknown_rows(self) -> int:
        return sum(window.unknown_rows for window in self.windows)

    @property
    def data_through(self) -> str:
        """The first instant that is not stored of some cluster; "" when nothing is."""
        last: dict[str, dt.date] = {}
        for window in self.windows:
            if window.counts:
                last[window.cluster] = max(window.day, last.get(window.cluster, window.day))
        return f"{min(last.values()) + DAY:%Y-%m-%d}T00:00:00Z" if last else ""

    @property
    def windows_sha256(self) -> str:
        digest = hashlib.sha256()
        for window in self.windows:
            digest.update(
                f"{window.cluster}\x1f{window.layer}\x1f{window.day}\x1f{window.revision}\x1f{window.facts_sha256}\n".encode()
            )
        return digest.hexdigest()

    def _find_missing(self, days: Sequence[dt.date]) -> None:
        """A cluster's month begins with the first day that was ever stored of it."""
        found = {(window.cluster, window.day): window for window in self.windows}
        first = _first_days(self.clusters)
        for cluster in self.clusters:
            since = first.get(cluster.pk)
            for day in days:
                if since is None or day < since:
                    continue
                window = found.get((cluster.slug, day))
                if window is None or not window.counts:
                    self.missing.append(f"{cluster.slug} {day}")

    def facts(self, stretch: Stretch) -> list[CostFact]:
        """The costs of one stretch by workload and labels. Raises MissingRate."""
        evidence = {cluster.pk: self.evidence(cluster, stretch) for cluster in self.clusters}
        labels = _label_sets()
        found = []
        for cluster in self.clusters:
            for key, sums in self._sums(cluster, stretch):
                row_kind, namespace, controller_kind, controller, label_set = key
                known = labels.get(label_set, ({}, {}))
                found.append(
                    CostFact(
                        kind=_KINDS[row_kind],
                        cluster=cluster.slug,
                        opencost_cluster=cluster.opencost_cluster_id,
                        namespace=namespace,
                        controller_kind=controller_kind,
                        controller=controller,
                        labels=known[0],
                        annotations=known[1],
                        costs=tuple(sums[: len(COMPONENTS)]),
                        usage=tuple(sums[len(COMPONENTS) :]),
                        snapshot=evidence[cluster.pk],
                    )
                )
        return found

    def evidence(self, cluster: Cluster, stretch: Stretch, layer: str = "") -> str:
        """`prod-1 2026-09-01/2026-09-30 3f2a…`: the days and a digest of the windows behind them."""
        digest = hashlib.sha256()
        for window in self.windows:
            if (window.cluster, window.layer) != (cluster.slug, layer):
                continue
            if stretch.start <= window.day < stretch.end:
                digest.update(
                    f"{window.day}\x1f{window.revision}\x1f{window.facts_sha256}\n".encode()
                )
        name = f"{cluster.slug} {layer}".rstrip()
        return f"{name} {stretch.start}/{stretch.end - DAY} {digest.hexdigest()[:12]}"

    def _sums(
        self, cluster: Cluster, stretch: Stretch
    ) -> Iterator[tuple[tuple[str, str, str, str, int], list[int]]]:
        if cluster.currency == self.currency:
            yield from ((row[:5], list(row[5:])) for row in _stored(cluster, stretch, by_row=False))
            return
        added: dict[tuple[str, str, str, str, int], list[int]] = defaultdict(
            lambda: [0] * (len(COMPONENTS) + len(USAGE))
        )
        for row in _stored(cluster, stretch, by_row=True):
            rate = self.rate(cluster.currency, row[5])
            sums = added[row[:5]]
            for place, value in enumerate(row[6:]):
                is_money = place < len(COMPONENTS) or place - len(COMPONENTS) in _MONEY_IN_USAGE
                sums[place] += convert(value, rate.rate) if is_money else value
        yield from added.items()

    def rate(self, currency: str, day: dt.date) -> Rate:
        """Raises MissingRate."""
        rate = self.rates.on(currency, day)
        if rate is None:
            raise self._missing_rate(currency, day)
        return rate

    def _missing_rate(self, currency: str, day: dt.date) -> MissingRate:
        return MissingRate(
            f"There is no rate from {currency} to {self.currency} for {day}. Enter one under "
            "Settings, Exchange rates, and prepare the month again.",
            currency=currency,
            to_currency=self.currency,
            day=str(day),
        )

    def fixed_rate(self, currency: str) -> Rate:
        """Of a fixed amount: the rate of the month's first day. Raises MissingRate."""
        rate = rate_on(currency, self.start, to_currency=self.currency)
        if rate is None:
            raise self._missing_rate(currency, self.start)
        return rate

    def rates_used(self) -> list[Rate]:
        days = sorted({window.day for window in self.windows})
        return self.rates.used({cluster.currency for cluster in self.clusters}, days)


def _clusters() -> list[Cluster]:
    """What somebody connected; the sample only where there is nothing else."""
    real = list(Cluster.objects.real().order_by("slug"))
    return real or list(Cluster.objects.order_by("slug"))


def _windows(clusters: Sequence[Cluster], start: dt.date, end: dt.date) -> list[Window]:
    slugs = {cluster.pk: cluster.slug for cluster in clusters}
    rows = Snapshot.objects.filter(
        cluster__in=list(slugs),
        grain=Grain.DAY,
        window_start__gte=_midnight(start),
        window_start__lt=_midnight(end),
    ).order_by("cluster__slug", "window_start")
    return [
        Window(
            cluster=slugs[row.cluster_id],
            day=row.window_start.date(),
            state=row.state,
            revision=row.revision,
            total=row.total,
            rows=row.rows,
            unknown_rows=row.unknown_rows,
            facts_sha256=row.facts_sha256,
            opencost_version=row.opencost_version,
        )
        for row in rows
    ]


def _first_days(clusters: Sequence[Cluster]) -> dict[int, dt.date]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cluster_id, min(window_start) FROM costs_snapshot "
            "WHERE grain = 'day' AND revision > 0 AND cluster_id = ANY(%s) GROUP BY 1",
            [[cluster.pk for cluster in clusters]],
        )
        return {pk: first.date() for pk, first in cursor.fetchall()}


def _label_sets() -> dict[int, tuple[dict[str, str], dict[str, str]]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, labels::text, annotations::text FROM costs_labelset")
        return {
            pk: (msgspec.json.decode(labels), msgspec.json.decode(annotations))
            for pk, labels, annotations in cursor.fetchall()
        }


def _stored(cluster: Cluster, stretch: Stretch, *, by_row: bool) -> list[tuple[Any, ...]]:
    """Kind, namespace, controller kind, controller, label set; with `by_row` the day; then costs and usage."""
    columns = [*_COSTS, *USAGE]
    values = [f"f.{name}" if by_row else f"sum(f.{name})::bigint" for name in columns]
    head = "g.row_kind, g.namespace, g.controller_kind, w.controller, f.label_set_id"
    statement = (
        f"SELECT {head}{', f.day' if by_row else ''}, {', '.join(values)} "  # noqa: S608  # our own names only
        "FROM costs_costday f JOIN costs_workloadgroup g ON g.id = f.group_id "
        "JOIN costs_workload w ON w.id = f.workload_id "
        "WHERE f.cluster_id = %s AND f.day >= %s AND f.day < %s"
    )
    if not by_row:
        statement += " GROUP BY 1, 2, 3, 4, 5"
    with connection.cursor() as cursor:
        cursor.execute(statement, [cluster.pk, stretch.start, stretch.end])
        return list(cursor.fetchall())


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
