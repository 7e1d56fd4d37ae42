"""Who takes part in an answer, in which currency, at which rates.

A cluster in another currency takes part when every day that is stored of it has a rate; else it is left out by
name. Where all clusters have the answer's currency, neither rates nor days are looked for.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q

from costinsights.core.money import AmountOutOfRange, convert
from costinsights.core.periods import ChargePeriod
from costinsights.core.tenancy import current_tenant
from costinsights.costs.history.completeness import Coverage
from costinsights.costs.history.models import Snapshot
from costinsights.costs.models import Cluster
from costinsights.costs.rates import Rate, RateBook, check_currency, too_large
from costinsights.costs.selectors import chosen_clusters


@dataclass(frozen=True, slots=True)
class Excluded:
    """A cluster that takes no part, and why."""

    cluster: str
    name: str
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class Participants:
    """The clusters of an answer and the rates to its currency."""

    clusters: list[Cluster]
    excluded: list[Excluded]
    book: RateBook
    days: Mapping[int, Collection[dt.date]] = field(default_factory=dict)  # stored, of foreign ones

    @property
    def currency(self) -> str:
        return self.book.to_currency

    @property
    def foreign(self) -> dict[str, list[Cluster]]:
        """The clusters whose costs are converted, by currency."""
        found: dict[str, list[Cluster]] = {}
        for cluster in self.clusters:
            if cluster.currency != self.currency:
                found.setdefault(cluster.currency, []).append(cluster)
        return found

    def rate(self, cluster_id: int, at: dt.datetime) -> Rate:
        """The rate of a stored window of a cluster that takes part."""
        cluster = next(cluster for cluster in self.clusters if cluster.pk == cluster_id)
        rate = self.book.on(cluster.currency, at.date())
        if rate is None:
            raise LookupError(f"{cluster.slug} takes part without a rate")
        return rate

    def used(self, currency: str) -> list[Rate]:
        """The rates of the stored days of clusters in `currency`, the oldest first."""
        clusters = self.foreign.get(currency, ())
        days = {day for cluster in clusters for day in self.days[cluster.pk]}
        return self.book.used([currency], sorted(days))

    def worth(self) -> list[tuple[int, dt.date, dt.date, Decimal]]:
        """(cluster, first day, the day after the last, rate) of every converted cluster's stored days."""
        found = []
        for currency, clusters in self.foreign.items():
            rates = self.used(currency)
            since = [rate.valid_from or dt.date.min for rate in rates]
            ends = [*since[1:], dt.date.max]
            for rate, first, end in zip(rates, since, ends, strict=True):
                found += [(cluster.pk, first, end, rate.rate) for cluster in clusters]
        return found

    def conversions(self) -> list[Rate]:
        """The rates that stored days were converted with, by currency and day."""
        return [rate for currency in sorted(self.foreign) for rate in self.used(currency)]

    def ledger_total(self, coverage: Coverage) -> int:
        """What the ledger says that the period cost: each window converted as a whole. Raises InvalidInput."""
        foreign = {cluster.pk for clusters in self.foreign.values() for cluster in clusters}
        total = coverage.total
        for window in coverage.windows:
            if window.cluster_id not in foreign:
                continue
            rate = self.rate(window.cluster_id, window.start)
            total -= window.total
            try:
                total += convert(window.total, rate.rate)
            except AmountOutOfRange as error:
                raise too_large(rate) from error
        return total


def participants_of(
    slugs: Sequence[str], currency: str, periods: Sequence[ChargePeriod]
) -> Participants:
    """The clusters with these slugs (none: all) in `currency`, over all of `periods`.

    Without a currency the answer is in the tenant's own where some cluster has it or has rates to it, else in
    the most common one: as current costs. Raises InvalidInput for a cluster or a currency there is not.
    """
    clusters = chosen_clusters(slugs)
    used = Counter(cluster.currency for cluster in clusters)
    own = current_tenant().reporting_currency
    if currency:
        check_currency(currency, own=own, used=used)
    target = currency or own
    if not set(used) - {target}:
        return Participants(clusters, [], RateBook(target))
    days = _stored_days(clusters, periods)
    book = _book(target, used, days)
    if not currency and not any(_has_rates(book, c, days) for c in clusters):
        target = min(used, key=lambda code: (-used[code], code))
        book = _book(target, used, days)
    return Participants(
        clusters=[cluster for cluster in clusters if _has_rates(book, cluster, days)],
        excluded=[
            Excluded(
                cluster.slug,
                cluster.name,
                cluster.currency,
                book.refusal(cluster.currency, sorted(days[cluster.pk])),
            )
            for cluster in clusters
            if not _has_rates(book, cluster, days)
        ],
        book=book,
        days=days,
    )


def _book(target: str, used: Collection[str], days: Mapping[int, Collection[dt.date]]) -> RateBook:
    return RateBook.load(target, used, sorted({day for held in days.values() for day in held}))


def _has_rates(book: RateBook, cluster: Cluster, days: Mapping[int, Collection[dt.date]]) -> bool:
    return book.missing_on(cluster.currency, days[cluster.pk]) is None


def _stored_days(
    clusters: Sequence[Cluster], periods: Sequence[ChargePeriod]
) -> dict[int, set[dt.date]]:
    """The days of which something is stored, by cluster; where nothing is, the last day: it needs a rate too."""
    within = Q()
    for period in periods:
        within |= Q(window_start__gte=period.start, window_start__lt=period.end)
    last = (max(period.end for period in periods) - dt.timedelta(hours=1)).date()
    found: dict[int, set[dt.date]] = {cluster.pk: set() for cluster in clusters}
    rows = (
        Snapshot.objects.filter(within, cluster__in=list(found), revision__gt=0)
        .order_by()
        .values_list("cluster_id", "window_start__date")
        .distinct()
    )
    for cluster_id, day in rows:
        found[cluster_id].add(day)
    return {pk: days or {last} for pk, days in found.items()}
