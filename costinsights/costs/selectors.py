"""Questions about clusters and their current costs."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from costinsights.accounts.models import User
from costinsights.core.errors import InvalidInput, NotFound
from costinsights.core.money import AmountOutOfRange
from costinsights.core.tenancy import current_tenant
from costinsights.costs.current import cache
from costinsights.costs.current.answer import CurrentCosts, RefreshOrder, Source, SourceState
from costinsights.costs.current.gather import Holding, fill_gaps, look_up
from costinsights.costs.current.grouping import ClusterRows, Grouped, group_costs
from costinsights.costs.current.pieces import Piece
from costinsights.costs.current.query import CurrentCostQuery
from costinsights.costs.models import Cluster
from costinsights.costs.rates import RateBook, check_currency, convert_rows, too_large
from costinsights.costs.read_scope import EVERYTHING, ReadScope
from costinsights.opencost.schema import AllocatedCost


def access_cluster(slug: str) -> Cluster:
    """The tenant's cluster with this slug. Raises NotFound."""
    cluster = Cluster.objects.filter(slug=slug).first()
    if cluster is None:
        raise NotFound(f"There is no cluster “{slug}”.", cluster=slug)
    return cluster


def read_scope_of(member: User) -> ReadScope:
    """What this member may see of the costs, as their row says now: read for every request and every token."""
    if not member.is_limited:
        return EVERYTHING
    return ReadScope.limited_to(member.scope_namespaces, member.scope_labels)


def current_costs(query: CurrentCostQuery, *, now: datetime, wait: bool = True) -> CurrentCosts:
    """Answer `query` from what is kept, asking OpenCost only for what has never been asked.

    What is past its time is served at once, and `refreshes` says what to ask again in the background. With
    `wait=False` nobody is asked: clusters without an answer are `waiting`. One failing cluster never takes the
    others along. Raises InvalidInput for a cluster or a currency the tenant does not have.
    """
    clusters = chosen_clusters(query.clusters)
    days = [piece.start.date() for piece in query.period.days() if piece.start < now]
    book = _rate_book(query, clusters, days)
    taking_part = [c for c in clusters if book.missing_on(c.currency, days) is None]
    holdings = look_up(taking_part, query.period, now=now)
    if wait:
        fill_gaps(holdings, now=now)
    grouped = _grouped(query, holdings, book, now=now, wait=wait)
    if taking_part and all(cluster.lacks_idle for cluster in taking_part):
        grouped = replace(grouped, kpis=replace(grouped.kpis, idle=None))  # unknown, not zero
    sources = {
        holding.cluster.slug: _source(holding, grouped.seen_rows, now) for holding in holdings
    }
    instants = [source.as_of for source in sources.values() if source.as_of is not None]
    return CurrentCosts(
        query=query,
        window=query.period,
        as_of=min(instants) if instants else None,
        currency=book.to_currency,
        sources=[
            sources.get(cluster.slug) or _excluded(cluster, book, days) for cluster in clusters
        ],
        grouped=grouped,
        conversions=book.used((cluster.currency for cluster in taking_part), days),
        refreshes=_refreshes(holdings, now),
    )


def chosen_clusters(slugs: Sequence[str]) -> list[Cluster]:
    """The tenant's clusters with these slugs; all of them for none. Raises InvalidInput for an unknown one."""
    clusters = list(Cluster.objects.in_order())
    known = {cluster.slug for cluster in clusters}
    for slug in slugs:
        if slug not in known:
            choices = ", ".join(sorted(known)) or "none yet"
            raise InvalidInput(
                f"There is no cluster “{slug}”. Yours: {choices}.", field="cluster", value=slug
            )
    if slugs:
        return [cluster for cluster in clusters if cluster.slug in slugs]
    # Sample data stand for all clusters only while there is nothing real to be mixed with.
    real = [cluster for cluster in clusters if not cluster.is_demo]
    return real or clusters


def _rate_book(
    query: CurrentCostQuery, clusters: Sequence[Cluster], days: Sequence[date]
) -> RateBook:
    """The answer's currency with the rates to it.

    The currency asked for; else the tenant's own where some cluster has it or has a rate to it on all of
    `days`; else the most common one.
    """
    used = Counter(cluster.currency for cluster in clusters)
    own = current_tenant().reporting_currency
    if query.currency:
        check_currency(query.currency, own=own, used=used)
        return RateBook.load(query.currency, used, days)
    book = RateBook.load(own, used, days)
    if not used or any(book.missing_on(code, days) is None for code in used):
        return book
    return RateBook.load(min(used, key=lambda code: (-used[code], code)), used, days)


def _grouped(
    query: CurrentCostQuery,
    holdings: Sequence[Holding],
    book: RateBook,
    *,
    now: datetime,
    wait: bool,
) -> Grouped:
    """The lines. Computed once per question, scope and data."""
    name = _answer_name(query, holdings, book)
    kept = cache.read_answer(name)
    if kept is not None:
        return kept
    found = cache.read_rows([piece for holding in holdings for piece in holding.states])
    for holding in holdings:
        lost = [piece for piece in holding.states if piece not in found]
        cache.forget_pieces(lost)
        for piece in lost:
            del holding.states[piece]
    if wait and any(holding.missing for holding in holdings):
        fill_gaps(holdings, now=now)
        again = [p for h in holdings for p in h.states if p not in found]
        found |= cache.read_rows(again)
    clusters = [
        ClusterRows(
            holding.cluster.slug,
            holding.cluster.name,
            _rows_in(holding, found, book),
            is_sample=holding.cluster.is_demo,
        )
        for holding in holdings
    ]
    grouped = group_costs(clusters, query)
    cache.write_answer(_answer_name(query, holdings, book), grouped)
    return grouped


def _rows_in(
    holding: Holding, found: dict[Piece, list[AllocatedCost]], book: RateBook
) -> list[AllocatedCost]:
    """The rows of one cluster in the answer's currency, each day at its own rate."""
    rows: list[AllocatedCost] = []
    for piece in holding.pieces:
        rate = book.on(holding.cluster.currency, piece.period.start.date())
        if rate is None:
            raise LookupError(f"{holding.cluster.slug} takes part without a rate")
        try:
            rows += convert_rows(found.get(piece, ()), rate)
        except AmountOutOfRange as error:
            raise too_large(rate) from error
    return rows


def _answer_name(query: CurrentCostQuery, holdings: Sequence[Holding], book: RateBook) -> str:
    """The same for the same question over the same data, so that an answer can never be out of step.

    The question's digest holds what the asker may see, so that no answer is kept for somebody else.
    """
    parts = [query.digest()]
    for holding in holdings:
        parts += [holding.cluster.slug, holding.cluster.name]
        parts += [
            f"{piece.name}:{state.digest}"
            for piece, state in sorted(holding.states.items(), key=lambda item: item[0].period)
        ]
        dates = [piece.period.start.date() for piece in holding.pieces]
        parts += [str(rate) for rate in book.used([holding.cluster.currency], dates)]
    parts.append(book.to_currency)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _source(holding: Holding, rows: dict[str, int], now: datetime) -> Source:
    missing, stale = holding.missing, holding.stale(now)
    state, code, reason = SourceState.FRESH, "", ""
    if missing and holding.failure is None:
        state, code, reason = SourceState.WAITING, "waiting", "Its first answer is on its way."
    elif missing and holding.failure is not None:
        state, code, reason = SourceState.FAILED, holding.failure.code, holding.failure.message
    elif stale:
        state, code, reason = SourceState.STALE, "refreshing", "Newer numbers are being fetched."
        failed = holding.failure or _last_failure(holding.cluster)
        if failed is not None:
            code, reason = failed.code, failed.message
    as_of = _as_of(holding, stale)
    return Source(
        cluster=holding.cluster.slug,
        name=holding.cluster.name,
        currency=holding.cluster.currency,
        state=state,
        code=code,
        reason=reason,
        as_of=as_of,
        age_seconds=None if as_of is None else max(0, int((now - as_of).total_seconds())),
        rows=rows.get(holding.cluster.slug, 0),
        missing_days=len(missing),
        is_sample=holding.cluster.is_demo,
    )


def _last_failure(cluster: Cluster) -> cache.Failure | None:
    if not cluster.last_error_code or cluster.last_error_at is None:
        return None
    return cache.Failure(cluster.last_error_at, cluster.last_error_code, cluster.last_error_message)


def _as_of(holding: Holding, stale: Sequence[object]) -> datetime | None:
    """The instant the numbers are true for: the newest day's, or that of the oldest one past its time.

    A settled day is as true as when it was read, so an old reading of it does not make an answer old.
    """
    if not holding.states:
        return None
    newest = max(holding.states, key=lambda piece: piece.period)
    instants = [state.as_of for piece, state in holding.states.items() if piece in stale]
    return min([*instants, holding.states[newest].as_of])


def _excluded(cluster: Cluster, book: RateBook, days: Sequence[date]) -> Source:
    return Source(
        cluster=cluster.slug,
        name=cluster.name,
        currency=cluster.currency,
        state=SourceState.EXCLUDED,
        code="no_exchange_rate",
        reason=book.refusal(cluster.currency, days),
        is_sample=cluster.is_demo,
    )


def _refreshes(holdings: Sequence[Holding], now: datetime) -> list[RefreshOrder]:
    return [
        RefreshOrder(
            holding.cluster.pk,
            holding.cluster.fingerprint,
            tuple(sorted(piece.period for piece in stale)),
        )
        for holding in holdings
        if holding.failure is None and (stale := holding.stale(now))
    ]
