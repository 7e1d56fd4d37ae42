"""What the charts of the overview draw: plain dictionaries for static/src/charts/spec.ts.

Pure functions. Colours are names the style sheet knows, so that light, dark and print choose their own:
`c1` … `c9` by a hash of the key (the same key has the same colour on every page and day), `idle`,
`unallocated` and `others` for the rows that are no workload. Amounts are numbers in currency units for drawing
only; every text beside them comes from the exact amount.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from costinsights.core.money import decimal_from_micros
from costinsights.core.templatetags.display import money_short_text, money_text, percent_text
from costinsights.costs.current.rows import CostRow, Kind

PALETTE = 9
TOP = 9  # segments with a colour of their own; the rest of a chart is Others
COMPONENT_NAMES = {
    "cpu": "CPU",
    "ram": "RAM",
    "gpu": "GPU",
    "pv": "Storage",
    "network": "Network",
    "load_balancer": "Load balancer",
    "shared": "Shared",
    "external": "External",
}
SPECIAL = {
    Kind.IDLE: "idle",
    Kind.UNALLOCATED: "unallocated",
    Kind.UNMOUNTED: "unallocated",
    Kind.OTHERS: "others",
}
ChartSpec = dict[str, Any]
Link = Callable[[CostRow], str]


def key_text(row: CostRow) -> str:
    """A row's key as one text: what its colour is chosen by."""
    return "/".join(row.key.values()) or row.label


def colours(keys: Sequence[str]) -> dict[str, str]:
    """A colour for each key by its hash; where two of the first nine clash, the later name moves on.

    Later keys keep their hash's colour: nine colours cannot tell more apart.
    """
    chosen: dict[str, str] = {}
    taken: set[int] = set()
    for key in sorted(keys[:PALETTE]):
        slot = zlib.crc32(key.encode()) % PALETTE
        while slot in taken:
            slot = (slot + 1) % PALETTE
        taken.add(slot)
        chosen[key] = f"c{slot + 1}"
    for key in keys[PALETTE:]:
        chosen[key] = f"c{zlib.crc32(key.encode()) % PALETTE + 1}"
    return chosen


def row_colours(rows: Sequence[CostRow]) -> list[str]:
    """The colour of each row, in order; table swatches and chart segments both come from here."""
    plain = sorted(
        (row for row in rows if row.kind not in SPECIAL), key=lambda row: row.total, reverse=True
    )
    by_key = colours([key_text(row) for row in plain])
    return [SPECIAL.get(row.kind) or by_key[key_text(row)] for row in rows]


def build_charts(
    rows: Sequence[CostRow],
    total: int,
    currency: str,
    *,
    grouped_by: str,
    link: Link,
    by_kind: Sequence[CostRow] = (),
    kind_link: Link | None = None,
) -> dict[str, ChartSpec]:
    """The specs by canvas name: `shares`, `components` and, where there is a second grouping, `kinds`.

    `by_kind` are the rows of the same question grouped by (namespace, controller_kind).
    """
    charts = {
        "shares": shares(rows, total, currency, grouped_by=grouped_by, link=link),
        "components": components(rows, currency, grouped_by=grouped_by, link=link),
    }
    if by_kind:
        charts["kinds"] = kinds(by_kind, currency, link=kind_link or link)
    return charts


def shares(
    rows: Sequence[CostRow], total: int, currency: str, *, grouped_by: str, link: Link
) -> ChartSpec:
    """A doughnut: who has which part of the total. Rows past the ninth, and below zero, are not slices."""
    tints = dict(zip(map(id, rows), row_colours(rows), strict=True))
    drawn, rest = _leading(rows)
    segments = [
        _segment(row.label, row.total, total, currency, tints[id(row)], link(row)) for row in drawn
    ]
    if rest:
        others = sum(row.total for row in rest)
        segments.append(_segment(f"Others ({len(rest)})", others, total, currency, "others", ""))
    segments.sort(key=lambda segment: segment["colour"] in {"others", "unallocated", "idle"})
    return {
        "type": "doughnut",
        "currency": currency,
        "description": sentence(f"Shares of the total by {grouped_by}", segments, total, currency),
        "centre": {"value": money_short_text(total, currency), "label": "total"},
        "segments": segments,
    }


def components(rows: Sequence[CostRow], currency: str, *, grouped_by: str, link: Link) -> ChartSpec:
    """One bar per row, stacked by what the money went to: CPU, RAM, storage and so on."""
    drawn = [row for row in rows if row.kind != Kind.OTHERS][: TOP + 1]
    names = [name for name in COMPONENT_NAMES if any(row.components.get(name) for row in drawn)]
    bars = [_bar(row.label, row.total, currency, link(row)) for row in drawn]
    series = [
        {
            "label": COMPONENT_NAMES[name],
            "colour": f"k-{name.replace('_', '-')}",
            "values": [number(row.components.get(name, 0)) for row in drawn],
            "texts": [money_text(row.components.get(name, 0), currency) for row in drawn],
        }
        for name in names
    ]
    total = sum(row.total for row in drawn)
    return {
        "type": "bars",
        "currency": currency,
        "description": sentence(
            f"Cost by {grouped_by}, stacked by resource", bars, total, currency
        ),
        "bars": bars,
        "series": series,
    }


def kinds(rows: Sequence[CostRow], currency: str, *, link: Link) -> ChartSpec:
    """One bar per workload kind, stacked by namespace; namespaces past the ninth are Others."""
    amounts: dict[str, dict[str, int]] = {}
    namespaces: dict[str, int] = {}
    for row in rows:
        if row.kind in {Kind.IDLE, Kind.OTHERS}:
            continue
        kind, namespace = row.key["controller_kind"], row.key["namespace"]
        amounts.setdefault(kind, {})
        amounts[kind][namespace] = amounts[kind].get(namespace, 0) + row.total
        namespaces[namespace] = namespaces.get(namespace, 0) + row.total
    ranked = sorted(namespaces, key=lambda name: (-namespaces[name], name))
    top, rest = ranked[:TOP], ranked[TOP:]
    tints = colours([name for name in top if name != "__unallocated__"])
    order = sorted(amounts, key=lambda kind: (-sum(amounts[kind].values()), kind))
    stacks: list[tuple[str, str, list[str]]] = [
        (_word(name), tints.get(name, "unallocated"), [name]) for name in top
    ]
    if rest:
        stacks.append((f"Others ({len(rest)})", "others", rest))
    links = {row.key["controller_kind"]: link(row) for row in rows if "controller_kind" in row.key}
    bars = [
        _bar(_word(kind), sum(amounts[kind].values()), currency, links.get(kind, ""))
        for kind in order
    ]
    series = []
    for label, colour, members in stacks:
        values = [sum(amounts[kind].get(name, 0) for name in members) for kind in order]
        series.append(
            {
                "label": label,
                "colour": colour,
                "values": [number(value) for value in values],
                "texts": [money_text(value, currency) for value in values],
            }
        )
    total = sum(namespaces.values())
    return {
        "type": "bars",
        "currency": currency,
        "description": sentence(
            "Cost by workload kind, stacked by namespace", bars, total, currency
        ),
        "bars": bars,
        "series": series,
    }


def _leading(rows: Sequence[CostRow]) -> tuple[list[CostRow], list[CostRow]]:
    """The rows a doughnut shows as slices of their own, and those it shows together."""
    positive = sorted((row for row in rows if row.total > 0), key=lambda row: -row.total)
    own = [row for row in positive if row.kind not in SPECIAL]
    special = [row for row in positive if row.kind in SPECIAL and row.kind != Kind.OTHERS]
    others = [row for row in positive if row.kind == Kind.OTHERS]
    return [*own[:TOP], *special], [*own[TOP:], *others]


def _segment(
    label: str, micros: int, total: int, currency: str, colour: str, href: str
) -> ChartSpec:
    share = micros / total if total > 0 else None
    return {
        "label": label,
        "value": number(micros),
        "text": money_text(micros, currency),
        "share": percent_text(share),
        "colour": colour,
        "href": href,
    }


def _bar(label: str, micros: int, currency: str, href: str) -> ChartSpec:
    return {
        "label": label,
        "text": money_text(micros, currency),
        "value": number(micros),
        "href": href,
    }


def number(micros: int) -> float:
    return float(decimal_from_micros(micros))


def _word(value: str) -> str:
    return {"__unallocated__": "Unallocated", "__unmounted__": "Unmounted"}.get(value, value)


def sentence(what: str, parts: Sequence[Mapping[str, Any]], total: int, currency: str) -> str:
    """What a chart shows, in words: the total and its three largest parts."""
    largest = sorted(parts, key=lambda part: -part["value"])[:3]
    listed = ", ".join(f"{part['label']} {part['text']}" for part in largest)
    text = f"{what}: total {money_text(total, currency)}"
    return f"{text}; largest {listed}." if listed else f"{text}."
