"""What a rule would change: the last whole month (or the last 30 days) allocated with the rules of now and with it.

The arithmetic is that of the statements, so a preparation with the rule gives the same amounts. The facts are read
once and kept for two minutes under what they were read from, so that a rule can be tried again and again.
"""

import datetime as dt
import hashlib
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from django.core.cache import cache
from django.utils import timezone

from costinsights.core.errors import InvalidInput
from costinsights.core.snapshots import one_snapshot
from costinsights.core.tenancy import current_tenant
from costinsights.costs.currencies import minor_digits
from costinsights.costs.history.models import Grain, Snapshot
from reporting.allocation.mapping import Mapper
from reporting.allocation.sharing import Takers
from reporting.allocation.types import Bucket, CostFact, FactKind, Pool, Stretch
from reporting.centers.rules import MappingDraft
from reporting.centers.shares import ShareDraft
from reporting.models import MappingRule, ShareRule
from reporting.statements.computing import Computed, compute
from reporting.statements.layers import add_asset_windows, overheads_of, wants_overhead
from reporting.statements.months import month_after
from reporting.statements.reading import Books
from reporting.statements.rulebook import BookedMapping, BookedShare, RuleBook

DRAFT = -1  # the id of a rule that is not stored
MOST_WORKLOADS = 20
KEPT_SECONDS = 120
MOST_KEPT = 50_000
UNMAPPED = "Unmapped"
Booked = TypeVar("Booked", BookedMapping, BookedShare)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[CostFact])


@dataclass(frozen=True, slots=True)
class CenterChange:
    """What a cost centre, or what stays central or unmapped, is billed without and with the rule."""

    bucket: str
    code: str  # "" outside of the centres
    before: int
    after: int

    @property
    def change(self) -> int:
        return self.after - self.before

    @property
    def label(self) -> str:
        return self.code or self.bucket.capitalize()


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload that the rule takes (or nobody does), and who took it before."""

    cluster: str
    namespace: str
    controller_kind: str
    controller: str
    cost: int
    taken_from: str = ""


@dataclass(frozen=True, slots=True)
class TakenFrom:
    """What the rule takes from another, or from what was unmapped. `rule` is 0 for unmapped."""

    rule: int
    name: str
    cost: int


@dataclass(frozen=True, slots=True)
class Window:
    """The days that were looked at, [start, end), and the currency of all amounts."""

    start: dt.date
    end: dt.date
    currency: str
    complete_micros: int


@dataclass(slots=True)
class MappingPreview:
    """Costs are list costs; changes are what statements would bill."""

    window: Window
    matched: int = 0
    taken_from: list[TakenFrom] = field(default_factory=list)
    workloads: list[Workload] = field(default_factory=list)
    workload_count: int = 0
    changes: list[CenterChange] = field(default_factory=list)


@dataclass(slots=True)
class SharePreview:
    """The rule's pools as statements explain them, and what it changes."""

    window: Window
    total: int
    pools: list[Pool]
    changes: list[CenterChange]


class KeptBooks(Books):
    """Books whose facts are read once, and kept for a short while."""

    def facts(self, stretch: Stretch) -> list[CostFact]:
        key = f"reporting:facts:{self._fingerprint(stretch)}"
        packed = cache.get(key)
        if packed is not None:
            return _decoder.decode(zlib.decompress(packed))
        found = Books.facts(self, stretch)
        if len(found) <= MOST_KEPT:
            cache.set(key, zlib.compress(_encoder.encode(found), 1), KEPT_SECONDS)
        return found

    def _fingerprint(self, stretch: Stretch) -> str:
        read = [self.windows_sha256, self.currency, str(stretch), str(self.rates_used())]
        # A cluster's id in its OpenCost is part of the facts and of no window.
        read += [f"{one.pk} {one.slug} {one.opencost_cluster_id}" for one in self.clusters]
        return hashlib.sha256("\x1f".join(read).encode()).hexdigest()


def open_books(now: dt.datetime | None = None) -> Books:
    """The last whole month where anything is stored of it, else the last 30 days. Raises InvalidInput without any."""
    today = (now or timezone.now()).date()
    this_month = today.replace(day=1)
    spans = [(month_after(this_month, -1), this_month), (today - dt.timedelta(days=30), today)]
    for start, end in spans:
        begin, close = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (start, end))
        days = Snapshot.objects.filter(
            grain=Grain.DAY, window_start__gte=begin, window_start__lt=close
        )
        if days.exists():
            return KeptBooks.open(start, end, current_tenant().reporting_currency)
    raise InvalidInput(
        "Nothing is stored of the last month yet, so there is nothing to try the rule on. You can save it.",
        field="window",
    )


def preview_mapping(
    draft: MappingDraft, *, pk: int | None = None, position: int | None = None
) -> MappingPreview:
    """What a new rule, or another form of a stored one, would take and move. Raises InvalidInput, MissingRate."""
    booked = BookedMapping(
        id=pk or DRAFT,
        name=draft.name,
        filter=draft.filter,
        targets=[(center.code, weight) for center, weight in draft.targets],
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
    )
    with one_snapshot():
        books, before = open_books(), RuleBook.load()
        off = _switched_off(MappingRule, pk)
        rules = _with(before.mapping, booked, position, is_active=draft.is_active, off=off)
        after = msgspec.structs.replace(before, mapping=rules)
        shown = MappingPreview(_window(books))
        _find_moves(shown, books, before, after, booked.id)
        shown.changes = _changes(_computed(books, before), _computed(books, after))
    return shown


def preview_share(
    draft: ShareDraft, *, pk: int | None = None, position: int | None = None
) -> SharePreview:
    """The pools that a new rule, or another form of a stored one, would make. Raises InvalidInput, MissingRate."""
    booked = BookedShare(
        id=pk or DRAFT,
        name=draft.name,
        source=draft.source,
        filter=draft.filter,
        fixed_amount=draft.fixed_amount,
        fixed_currency=draft.fixed_currency,
        method=draft.method,
        driver=draft.driver,
        fallback=draft.fallback,
        by_cluster=draft.by_cluster,
        targets=[(center.code, weight) for center, weight in draft.targets],
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
    )
    with one_snapshot():
        books, before = open_books(), RuleBook.load()
        off = _switched_off(ShareRule, pk)
        rules = _with(before.shares, booked, position, is_active=draft.is_active, off=off)
        after = msgspec.structs.replace(before, shares=rules)
        changed = _computed(books, after)
        pools = [pool for pool in changed.pools.values() if pool.rule == booked.id]
        return SharePreview(
            window=_window(books),
            total=sum(sum(pool.costs) for pool in pools),
            pools=pools,
            changes=_changes(_computed(books, before), changed),
        )


def unmapped_workloads(most: int = MOST_WORKLOADS) -> tuple[Window, int, list[Workload]]:
    """What no rule of now takes: window, whole cost, the dearest. Raises InvalidInput, MissingRate."""
    with one_snapshot():
        books, rules = open_books(), RuleBook.load()
        costs: dict[tuple[str, str, str, str], int] = defaultdict(int)
        for stretch, facts in _mappable(books, rules, rules.stretches(books.start, books.end)):
            mapper = _mapper(rules, stretch)
            for fact in facts:
                for part in mapper.of(fact).parts:
                    if not part.center:
                        costs[_key(fact)] += sum(part.costs)
    ranked = sorted(costs.items(), key=lambda pair: (-pair[1], pair[0]))
    return (
        _window(books),
        sum(costs.values()),
        [Workload(*key, cost) for key, cost in ranked[:most]],
    )


def _with(
    rules: list[Booked], draft: Booked, position: int | None, *, is_active: bool, off: list[int]
) -> list[Booked]:
    """The rules with the draft in its place: a stored one's own, the end for a new one.

    `off` are the positions of rules that are switched off: a position counts them, the rule book does not.
    """
    others = [rule for rule in rules if rule.id != draft.id]
    if not is_active:
        return others
    place = next((at for at, rule in enumerate(rules) if rule.id == draft.id), len(others))
    if position is not None:
        before = position - 1 - sum(one < position for one in off)
        place = max(0, before)
    others.insert(place, draft)
    return others


def _switched_off(kind: type[MappingRule] | type[ShareRule], pk: int | None) -> list[int]:
    rows = kind._default_manager.filter(is_active=False)
    if pk is not None:
        rows = rows.exclude(pk=pk)
    return list(rows.values_list("position", flat=True))


def _computed(books: Books, rules: RuleBook) -> Computed:
    needs = wants_overhead(rules)
    if needs and not any(window.layer for window in books.windows):
        add_asset_windows(books)
    return compute(
        books,
        rules,
        minor_digits=minor_digits(books.currency),
        overheads=(lambda stretch: overheads_of(books, stretch)) if needs else None,
    )


def _window(books: Books) -> Window:
    return Window(books.start, books.end, books.currency, books.complete_micros)


def _changes(before: Computed, after: Computed) -> list[CenterChange]:
    """Of everybody who is billed in either, the largest change first."""
    billed: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for place, computed in enumerate((before, after)):
        for one in computed.rounded.statements:
            billed[one.bucket.value, one.center if one.bucket is Bucket.CENTER else ""][place] += (
                one.billed
            )
    changes = [CenterChange(*key, *amounts) for key, amounts in billed.items()]
    return sorted(changes, key=lambda one: (-abs(one.change), one.bucket, one.code))


def _mappable(
    books: Books, rules: RuleBook, stretches: list[Stretch]
) -> list[tuple[Stretch, list[CostFact]]]:
    """The workloads of each stretch that no share rule takes before they are mapped."""
    found = []
    for stretch in stretches:
        [in_force] = rules.in_force([stretch], lambda *_: 0)
        takers = Takers(in_force.shares)
        facts = [
            fact
            for fact in books.facts(stretch)
            if fact.kind is FactKind.WORKLOAD and not takers.takes(fact)
        ]
        found.append((stretch, facts))
    return found


def _mapper(rules: RuleBook, stretch: Stretch) -> Mapper:
    [in_force] = rules.in_force([stretch], lambda *_: 0)
    return Mapper(in_force.mapping, [center.code for center in in_force.centers])


def _key(fact: CostFact) -> tuple[str, str, str, str]:
    return fact.cluster, fact.namespace, fact.controller_kind, fact.controller


def _find_moves(
    shown: MappingPreview, books: Books, before: RuleBook, after: RuleBook, rule: int
) -> None:
    """What the rule takes, from whom, and the dearest workloads among it."""
    both = msgspec.structs.replace(before, mapping=[*before.mapping, *after.mapping])
    names = {one.id: one.name for one in before.mapping} | {0: UNMAPPED}
    taken: dict[int, int] = defaultdict(int)
    workloads: dict[tuple[str, str, str, str], dict[int, int]] = defaultdict(
        lambda: defaultdict(int)
    )
    for stretch, facts in _mappable(books, before, both.stretches(books.start, books.end)):
        earlier, later = _mapper(before, stretch), _mapper(after, stretch)
        for fact in facts:
            if later.of(fact).rule != rule:
                continue
            cost, held = sum(fact.costs), earlier.of(fact).rule
            shown.matched += cost
            workloads[_key(fact)][held] += cost
            taken[held] += cost
    shown.workload_count = len(workloads)
    shown.taken_from = [
        TakenFrom(held, names[held], cost)
        for held, cost in sorted(taken.items(), key=lambda pair: -pair[1])
        if held != rule
    ]
    ranked = sorted(workloads.items(), key=lambda pair: (-sum(pair[1].values()), pair[0]))
    shown.workloads = [
        Workload(*key, sum(held.values()), names[max(held, key=lambda one: held[one])])
        for key, held in ranked[:MOST_WORKLOADS]
    ]
