"""The history page's query bar, chips and drill path."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from costinsights.costs.current.drill import branches_of, breadcrumb, with_branches
from costinsights.costs.dashboard import (
    FILTER_FIELDS,
    IDLE_MODES,
    OPERATOR_WORDS,
    VALUE_WORDS,
    Chip,
    Choice,
    chip_of,
    choices,
)
from costinsights.costs.dashboard import Step as Crumb
from costinsights.costs.history.models import LabelKey
from costinsights.costs.history.page.groups import further_groups, group_chips
from costinsights.costs.history.page.periods import period_choice
from costinsights.costs.history.page.state import PageState, Style
from costinsights.costs.history.page.words import BASES, STEPS, period_words
from costinsights.costs.history.query import NOT_STORED
from costinsights.costs.history.steps import MOST_STEPS, Step, default_step
from costinsights.costs.parameters import IdleMode

_FIELDS = {name: label for name, label in FILTER_FIELDS.items() if name not in NOT_STORED}


def query_bar(
    state: PageState,
    clusters: Sequence[tuple[str, str]],
    keys: Sequence[LabelKey],
    path: str,
    *,
    can_compare: bool,
    now: datetime,
    retention_days: int,
) -> dict[str, Any]:
    """What the query bar offers and what is chosen."""
    query = state.query
    parameters = state.parameters()
    return {
        "when": period_choice(state, path, now=now, retention_days=retention_days),
        "period": period_words(query.period),
        "steps": _steps(state),
        "groups": group_chips(state, keys, path),
        "further_groups": further_groups(state, keys, path),
        "complete": state.complete,
        "idle_modes": []
        if query.scope.is_limited
        else choices({str(mode): word for mode, word in IDLE_MODES.items()}, str(query.idle)),
        "clusters": _cluster_choices(state, clusters),
        "bases": choices({str(base): word for base, word in BASES.items()}, str(state.base or ""))
        if can_compare
        else [],
        "base_start": state.base_start,
        "styles": [
            (str(style), word, state.style is style, state.url(path, chart=_chart(style)))
            for style, word in ((Style.BARS, "Bars"), (Style.LINES, "Lines"))
        ],
        "chips": chips(state, path),
        "fields": _FIELDS,
        "operators": {str(operator): word for operator, word in OPERATOR_WORDS.items()},
        "hidden": {
            name: parameters.get(name, "")
            for name in ("group_by", "limit", "currency", "sort", "chart", "columns")
        }
        | {"view": state.view},
        "options_changed": query.idle != IdleMode.SEPARATE,
    }


def _chart(style: Style) -> str:
    return "" if style is Style.BARS else str(style)


def _steps(state: PageState) -> list[Choice]:
    """The steps that fit the period; the one it has by itself is called automatic."""
    period = state.query.period
    whole_days = not (period.start.hour or period.end.hour)
    own = default_step(period)
    fitting = {
        str(step): word
        for step, word in STEPS.items()
        if (step is Step.HOUR and period.minutes <= MOST_STEPS * 60)
        or (step is not Step.HOUR and whole_days)
    }
    automatic = Choice("", f"Automatic ({STEPS[own].lower()})", state.query.step is own)
    listed = choices({k: word for k, word in fitting.items() if k != own}, str(state.query.step))
    return [automatic, *listed]


def _cluster_choices(state: PageState, clusters: Sequence[tuple[str, str]]) -> list[Choice]:
    offered, chosen = dict(clusters), state.query.clusters
    if len(chosen) > 1:
        offered[",".join(chosen)] = ", ".join(offered.get(slug, slug) for slug in chosen)
    return choices(offered, ",".join(chosen))


def chips(state: PageState, path: str) -> list[Chip]:
    """The filter's conditions in words, each with the address of the page without it."""
    branches = branches_of(state.query.filter)
    return [
        chip_of(
            branch,
            state.url(
                path, with_branches(state.query, (*branches[:index], *branches[index + 1 :]))
            ),
        )
        for index, branch in enumerate(branches)
    ]


def crumbs(state: PageState, clusters: Sequence[tuple[str, str]], path: str) -> list[Crumb]:
    """All / cluster / namespace / kind / workload, as far as the question has gone down."""
    return [
        Crumb(
            VALUE_WORDS.get(crumb.label, crumb.label),
            state.url(path, crumb.query) if crumb.query is not None else "",
        )
        for crumb in breadcrumb(state.query, dict(clusters))
    ]
