"""Label and annotation keys: which were seen, how much of the cost carries them, which are stored."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from django.db import connection

from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput, NotFound
from costinsights.costs.history.facts import StoredKeys
from costinsights.costs.history.models import Grain, KeyKind, LabelKey
from costinsights.opencost.rows import AllocatedCost, RowKind

MOST_STORED: Final = 10
MOST_VALUES: Final = 1_000
MOST_KEYS_SEEN: Final = 2_000
LONGEST_KEY: Final = 317  # of Kubernetes: a prefix, a slash, a name
# Stored from the first day on, where they occur: what teams mostly ask by.
USUAL_KEYS: Final = (
    "team",
    "owner",
    "app",
    "app_kubernetes_io_name",
    "app_kubernetes_io_part_of",
    "environment",
    "env",
    "cost_center",
)


def stored_keys() -> StoredKeys:
    """The keys whose values a window keeps, as chosen now."""
    chosen = list(LabelKey.objects.filter(is_stored=True))
    over = [key for key in chosen if key.is_over_limit]
    return StoredKeys(
        labels=frozenset(key.name for key in chosen if key.kind == KeyKind.LABEL)
        | _usual_if_nothing_is_known(),
        annotations=frozenset(key.name for key in chosen if key.kind == KeyKind.ANNOTATION),
        over_limit=frozenset((key.kind, key.name) for key in over),
        known_values={(key.kind, key.name): _known_values(key) for key in over},
    )


def _usual_if_nothing_is_known() -> frozenset[str]:
    """Before the first window was read no key is known; the usual ones are kept from the start."""
    return frozenset() if LabelKey.objects.exists() else frozenset(USUAL_KEYS)


def _known_values(key: LabelKey) -> frozenset[str]:
    column = "labels" if key.kind == KeyKind.LABEL else "annotations"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT {column} ->> %s FROM costs_labelset "  # noqa: S608  # one of two names
            f"WHERE {column} ? %s LIMIT %s",
            [key.name, key.name, MOST_VALUES],
        )
        return frozenset(row[0] for row in cursor.fetchall())


def note_keys(rows: Iterable[AllocatedCost], *, day: dt.date, grain: str) -> None:
    """Remember which keys a closed day's rows carry, and how much of the cost. Hours are not looked at."""
    if grain != Grain.DAY:
        return
    covered: dict[tuple[str, str], int] = defaultdict(int)
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    whole = 0
    for row in rows:
        if row.kind is not RowKind.WORKLOAD:
            continue
        cost = row.total
        whole += cost
        for kind, pairs in ((KeyKind.LABEL, row.labels), (KeyKind.ANNOTATION, row.annotations)):
            for name, value in pairs.items():
                covered[kind, name] += cost
                held = values[kind, name]
                if len(held) <= MOST_VALUES:
                    held.add(value)
    seen = sorted(key for key in covered if len(key[1]) <= LONGEST_KEY)[:MOST_KEYS_SEEN]
    if not seen:
        return
    is_first = not LabelKey.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO costs_labelkey AS held
              (kind, name, is_stored, covered_cost, whole_cost, values_seen, first_seen_on,
               last_seen_on, is_over_limit)
            SELECT wanted.kind, wanted.name, wanted.stored, wanted.covered, %(whole)s, wanted.values,
                   %(day)s, %(day)s, wanted.values > %(most)s
            FROM unnest(%(kinds)s::text[], %(names)s::text[], %(stored)s::bool[], %(covered)s::bigint[],
                        %(values)s::int[]) AS wanted(kind, name, stored, covered, values)
            ON CONFLICT (kind, name) DO UPDATE SET
              first_seen_on = least(held.first_seen_on, excluded.first_seen_on),
              last_seen_on = greatest(held.last_seen_on, excluded.last_seen_on),
              is_over_limit = held.is_over_limit OR excluded.is_over_limit,
              covered_cost = CASE WHEN excluded.last_seen_on >= held.last_seen_on
                                  THEN excluded.covered_cost ELSE held.covered_cost END,
              whole_cost = CASE WHEN excluded.last_seen_on >= held.last_seen_on
                                THEN excluded.whole_cost ELSE held.whole_cost END,
              values_seen = CASE WHEN excluded.last_seen_on >= held.last_seen_on
                                 THEN excluded.values_seen ELSE held.values_seen END
            """,
            {
                "whole": whole,
                "day": day,
                "most": MOST_VALUES,
                "kinds": [str(kind) for kind, _ in seen],
                "names": [name for _, name in seen],
                "stored": [
                    is_first and kind == KeyKind.LABEL and name in USUAL_KEYS for kind, name in seen
                ],
                "covered": [covered[key] for key in seen],
                "values": [len(values[key]) for key in seen],
            },
        )


def choose(*, kind: str, name: str, is_stored: bool) -> LabelKey:
    """Store a key's values from the next window on, or stop. Raises NotFound, InvalidInput, Conflict.

    What is stored stays: windows keep the labels they had.
    """
    if kind not in KeyKind.values:
        raise InvalidInput("Choose label or annotation.", field="kind", value=kind)
    key = LabelKey.objects.filter(kind=kind, name=name).first()
    if key is None:
        raise NotFound(f"No {kind} “{name}” was ever seen in your clusters.")
    if is_stored and not key.is_stored:
        if LabelKey.objects.filter(is_stored=True).count() >= MOST_STORED:
            raise Conflict(f"{MOST_STORED} keys are stored. Stop storing one of them first.")
        if key.values_seen > MOST_VALUES:
            raise Conflict(
                f"“{name}” has more than {MOST_VALUES:,} values. Keys like that, such as a pod's hash, "
                "say nothing about who pays."
            )
    key.is_stored = is_stored
    key.save(update_fields=["is_stored"])
    record_event("label_key.stored" if is_stored else "label_key.dropped", target=str(key))
    return key


def by_coverage() -> list[LabelKey]:
    """Every key that was seen: the stored ones first, then by how much of the cost carries it."""
    return sorted(
        LabelKey.objects.all(),
        key=lambda key: (not key.is_stored, -(key.coverage or 0), key.kind, key.name),
    )
