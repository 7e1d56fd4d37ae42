"""Aggregation of rows by OpenCost's keys, accumulation over windows, and sharing of idle."""

from collections.abc import Iterable, Sequence

from costinsights.opencost.sample.allocation import (
    IDLE,
    UNALLOCATED,
    UNMOUNTED,
    Properties,
    Row,
)
from costinsights.opencost.sample.filtering import sanitise

DEFAULT_AGGREGATE = "cluster,node,namespace,pod,container"
_KINDS = ("deployment", "daemonset", "statefulset", "job")
_PLAIN = ("cluster", "node", "namespace", "pod", "container", "controller", "controllerkind")
# department, environment, owner, product, team stand for fixed labels
_LABEL_WORDS = {
    "department": "department",
    "environment": "env",
    "owner": "owner",
    "product": "app",
    "team": "team",
}


def aggregate_keys(text: str) -> list[str]:
    """The known words of an aggregate parameter. Like OpenCost, silently drops all others."""
    known = []
    for token in (part.strip() for part in text.split(",")):
        word = token.lower()
        prefix, colon, name = token.partition(":")
        if word in (*_PLAIN, *_KINDS, *_LABEL_WORDS, "service"):
            known.append(word)
        elif colon and prefix.lower() in ("label", "annotation") and name:
            known.append(f"{prefix.lower()}:{sanitise(name)}")
    return known


def key_of(properties: Properties, words: Sequence[str]) -> str:
    """The key (and name) of the group that a row falls into."""
    return "/".join(_segment(properties, word) for word in words)


def _segment(properties: Properties, word: str) -> str:
    if word in ("cluster", "node", "namespace", "pod", "container"):
        return str(getattr(properties, word))
    if word == "controllerkind":
        return properties.controller_kind or UNALLOCATED
    if word == "controller":
        if not properties.controller:
            return UNALLOCATED
        return f"{properties.controller_kind}:{properties.controller}"
    if word in _KINDS:
        return properties.controller if properties.controller_kind == word else UNALLOCATED
    if word == "service":
        if not properties.services:
            return UNALLOCATED
        unmounted = UNMOUNTED in (properties.pod, properties.namespace, properties.container)
        return UNMOUNTED if unmounted else properties.services[0]
    prefix, colon, name = word.partition(":")
    if not colon:
        name = _LABEL_WORDS[word]
        return properties.labels.get(name, properties.annotations.get(name, UNALLOCATED))
    pairs = properties.labels if prefix == "label" else properties.annotations
    return pairs.get(name, UNALLOCATED)


def aggregated(rows: Iterable[Row], words: Sequence[str], *, keep_metadata: bool) -> dict[str, Row]:
    """Rows by key; takes the rows over. Idle stays one row of its own; members of a group keep what they have in common."""
    groups: dict[str, Row] = {}
    for row in rows:
        key = IDLE if row.is_idle else key_of(row.properties, words)
        found = groups.get(key)
        if found is None:
            row.name = key
            groups[key] = row
            continue
        found.absorb(row)
        found.properties = found.properties.shared_with(row.properties, keep_metadata=keep_metadata)
        found.peaks, found.gpu, found.has_gpu_record = None, None, False
    return groups


def accumulated(sets: Iterable[dict[str, Row]], *, keep_metadata: bool) -> dict[str, Row]:
    """One set out of many, key by key."""
    total: dict[str, Row] = {}
    for rows in sets:
        for key, row in rows.items():
            found = total.get(key)
            if found is None:
                total[key] = row.copy()
                continue
            found.absorb(row)
            found.properties = found.properties.shared_with(
                row.properties, keep_metadata=keep_metadata
            )
            found.peaks = None
    return total


def with_idle_shared(rows: list[Row]) -> list[Row]:
    """Give idle's cost of cores, memory and GPUs to the other rows in proportion, in place; idle goes."""
    idle = [row for row in rows if row.is_idle]
    others = [row for row in rows if not row.is_idle]
    for name in ("cpu_cost", "ram_cost", "gpu_cost"):
        whole = sum(getattr(row.amounts, name) for row in others)
        spare = sum(getattr(row.amounts, name) for row in idle)
        if whole > 0:
            for row in others:
                value = getattr(row.amounts, name)
                setattr(row.amounts, name, value * (1 + spare / whole))
    return others
