"""What a caller wants to know of a cost layer, checked."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self
from urllib.parse import urlencode

from costinsights.core.errors import InvalidInput, NotAllowed
from costinsights.core.periods import ChargePeriod
from costinsights.costs.history.query import parse_step
from costinsights.costs.history.steps import Step, default_step, resolve_whole_days
from costinsights.costs.parameters import parse_clusters, parse_currency, parse_limit
from costinsights.costs.read_scope import ReadScope
from costinsights.opencost.layer_rows import Layer

ALLOCATION: Final = "allocation"
PARAMETERS = (
    "layer",
    "window",
    "start",
    "end",
    "step",
    "group_by",
    "cluster",
    "limit",
    "currency",
)
DEFAULT_LIMIT = 10
MOST_ROWS = 1_000
MOST_DIMENSIONS = 3
LONGEST_LABEL_KEY = 317
LABEL: Final = "label:"
# What each layer can be grouped by, beside `label:KEY`: the words of FOCUS. The first is the default.
DIMENSIONS: Final = {
    Layer.ASSETS: (
        "resource_type",
        "cluster",
        "category",
        "provider",
        "account",
        "service",
        "region",
        "zone",
        "resource_name",
        "resource_id",
    ),
    Layer.CLOUD: (
        "service",
        "cluster",
        "provider",
        "billing_account",
        "account",
        "account_name",
        "category",
        "region",
        "zone",
    ),
    Layer.CUSTOM: (
        "domain",
        "cluster",
        "account",
        "zone",
        "resource_type",
        "resource_name",
        "resource_id",
        "charge_category",
        "cost_source",
        "unit",
    ),
}


class LayersNotShown(NotAllowed):
    """A limited member asked for a layer: nothing in it says which of it they may see."""

    code = "layers_not_shown"
    title = "Cost layers are not shown to limited members"

    def __init__(self) -> None:
        super().__init__(
            "You see a part of the costs. Assets, cloud bills and custom costs cannot be cut to it, so they "
            "are not shown to you."
        )


@dataclass(frozen=True, slots=True)
class LayerQuery:
    """One question about one layer."""

    layer: Layer
    period: ChargePeriod
    window: str = ""
    step: Step = Step.DAY
    group_by: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    limit: int = DEFAULT_LIMIT
    currency: str = ""

    @classmethod
    def parse(cls, parameters: Mapping[str, str], *, now: dt.datetime, scope: ReadScope) -> Self:
        """From request parameters. Raises InvalidInput, and LayersNotShown for a limited member."""
        if scope.is_limited:
            raise LayersNotShown
        given = {
            name: parameters.get(name, "").strip() for name in PARAMETERS if parameters.get(name)
        }
        layer = parse_layer(given.get("layer", ""))
        ends = (given.get("start", ""), given.get("end", ""))
        window = "" if any(ends) else given.get("window") or "30d"
        period = resolve_whole_days(window, *ends, now=now)
        step = parse_step(given["step"]) if "step" in given else _default_step(period)
        if step is Step.HOUR:
            raise InvalidInput(
                "Layers are stored day by day. Ask for day, week, month or quarter.",
                field="step",
                value=step,
            )
        return cls(
            layer=layer,
            period=period,
            window=window,
            step=step,
            group_by=_parse_group_by(layer, given.get("group_by", "")),
            clusters=parse_clusters(given.get("cluster", "")),
            limit=parse_limit(given.get("limit", ""), default=DEFAULT_LIMIT, most=MOST_ROWS),
            currency=parse_currency(given.get("currency", "")),
        )

    def parameters(self) -> dict[str, str]:
        """The parameters that differ from their defaults."""
        ends = (
            {}
            if self.window
            else {
                "start": self.period.start.date().isoformat(),
                "end": self.period.end.date().isoformat(),
            }
        )
        every = {
            "layer": self.layer.value,
            "window": self.window if self.window != "30d" else "",
            **ends,
            "step": str(self.step) if self.step != _default_step(self.period) else "",
            "group_by": ",".join(self.group_by)
            if self.group_by != DIMENSIONS[self.layer][:1]
            else "",
            "cluster": ",".join(self.clusters),
            "limit": str(self.limit) if self.limit != DEFAULT_LIMIT else "",
            "currency": self.currency,
        }
        return {name: value for name, value in every.items() if value}

    def query_string(self, **changes: str) -> str:
        """The query as the end of a URL, with some parameters changed; "" removes one."""
        wanted = {**self.parameters(), **changes}
        return urlencode({name: value for name, value in wanted.items() if value})

    def narrowed(self, *, limit: int) -> Self:
        return replace(self, limit=limit)


def parse_layer(text: str) -> Layer:
    """Raises InvalidInput for anything that is no layer."""
    try:
        return Layer(text)
    except ValueError as error:
        choices = ", ".join((ALLOCATION, *Layer))
        raise InvalidInput(
            f"“{text}” is no layer. Use {choices}.", field="layer", value=text
        ) from error


def _default_step(period: ChargePeriod) -> Step:
    found = default_step(period)
    return Step.DAY if found is Step.HOUR else found


def _parse_group_by(layer: Layer, text: str) -> tuple[str, ...]:
    known = DIMENSIONS[layer]
    named = tuple(name.strip() for name in text.split(",") if name.strip()) or known[:1]
    for name in named:
        is_label = layer is not Layer.CUSTOM and name.startswith(LABEL)
        if is_label and 0 < len(name) - len(LABEL) <= LONGEST_LABEL_KEY:
            continue
        if name not in known:
            more = "" if layer is Layer.CUSTOM else " or label:KEY"
            raise InvalidInput(
                f"“{name}” is nothing this layer can be grouped by. Use {', '.join(known)}{more}.",
                field="group_by",
                value=text,
            )
    if len(set(named)) != len(named) or len(named) > MOST_DIMENSIONS:
        raise InvalidInput(
            f"Group by at most {MOST_DIMENSIONS} dimensions, each once.",
            field="group_by",
            value=text,
        )
    return named
