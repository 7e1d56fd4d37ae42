"""The dimensions of the history page: up to three, each a chip that can be replaced or removed."""

from collections.abc import Sequence
from dataclasses import dataclass

from costinsights.core.templatetags.display import percent_text
from costinsights.costs.dashboard import DIMENSIONS
from costinsights.costs.history.models import KeyKind, LabelKey
from costinsights.costs.history.page.state import PageState
from costinsights.costs.history.query import NOT_STORED

MOST_DIMENSIONS = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """A dimension that can be chosen. `note` says how much of the cost carries a label."""

    label: str
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class OfferSection:
    """Dimensions of one kind."""

    title: str
    offers: list[Offer]


@dataclass(frozen=True, slots=True)
class GroupChip:
    """A dimension in use; `remove_url` is "" for the only one. `sections` replace it."""

    label: str
    remove_url: str
    sections: list[OfferSection]


def group_chips(state: PageState, keys: Sequence[LabelKey], path: str) -> list[GroupChip]:
    """The dimensions in use, in their order."""
    used = [str(dimension) for dimension in state.query.group_by]
    return [
        GroupChip(
            label=dimension_word(name),
            remove_url=_url(state, path, [*used[:place], *used[place + 1 :]])
            if len(used) > 1
            else "",
            sections=_sections(state, keys, path, used, place),
        )
        for place, name in enumerate(used)
    ]


def further_groups(state: PageState, keys: Sequence[LabelKey], path: str) -> list[OfferSection]:
    """What can be added behind the dimensions in use; nothing where there are three."""
    used = [str(dimension) for dimension in state.query.group_by]
    if len(used) >= MOST_DIMENSIONS:
        return []
    return _sections(state, keys, path, used, len(used))


def dimension_word(name: str) -> str:
    """A dimension as the page names it: “Namespace”, “Label team”."""
    if name in DIMENSIONS:
        return DIMENSIONS[name]
    return name.replace(":", " ").capitalize() if name.islower() else _key_word(name)


def _key_word(name: str) -> str:
    kind, _, key = name.partition(":")
    return f"{kind.capitalize()} {key}"


def _sections(
    state: PageState, keys: Sequence[LabelKey], path: str, used: list[str], place: int
) -> list[OfferSection]:
    def url(name: str) -> str:
        return _url(state, path, [*used[:place], name, *used[place + 1 :]])

    kubernetes = [
        Offer(label, "", url(name))
        for name, label in DIMENSIONS.items()
        if name not in (*NOT_STORED, *used)
    ]
    listed = [OfferSection("Kubernetes", kubernetes)]
    for kind, title in ((KeyKind.LABEL, "Labels"), (KeyKind.ANNOTATION, "Annotations")):
        offers = [
            Offer(key.name, _coverage(key), url(f"{key.kind}:{key.name}"))
            for key in sorted(keys, key=lambda key: (-(key.coverage or 0), key.name))
            if key.kind == kind and f"{key.kind}:{key.name}" not in used
        ]
        if offers:
            listed.append(OfferSection(title, offers))
    return listed


def _coverage(key: LabelKey) -> str:
    return "" if key.coverage is None else f"on {percent_text(key.coverage)} of cost"


def _url(state: PageState, path: str, names: list[str]) -> str:
    return state.url(path, group_by=",".join(names))
