"""What changes about mapping rules: made, changed, moved, switched off, deleted."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from costinsights.core.errors import Conflict, InvalidInput, NotFound
from reporting.centers.checks import (
    LONGEST_NAME,
    LONGEST_NOTE,
    PPM_OF_PERCENT,
    checked_centers,
    checked_filter,
    checked_percent,
    checked_text,
    checked_validity,
    one_writer,
    percent_text,
)
from reporting.centers.ordering import close_gaps, place
from reporting.models import CenterLevel, CostCenter, MappingRule, MappingTarget
from reporting.models.centers import WHOLE

MOST_RULES = 1_000
_LEAST, _MOST = Decimal("0.0001"), Decimal(100)


@dataclass(frozen=True, slots=True)
class MappingDraft:
    """A mapping rule as somebody gave it, checked. `targets` are cost centres and parts per million."""

    name: str
    filter: str
    targets: tuple[tuple[CostCenter, int], ...]
    is_active: bool
    valid_from: dt.date | None
    valid_to: dt.date | None
    note: str


def checked_mapping(
    *,
    name: str,
    targets: Sequence[tuple[str, Decimal | str]],
    filter: str = "",
    is_active: bool = True,
    valid_from: dt.date | str | None = None,
    valid_to: dt.date | str | None = None,
    note: str = "",
) -> MappingDraft:
    """Values into a draft; `targets` are codes and percentages. Raises InvalidInput that names the field."""
    begin, end = checked_validity(valid_from, valid_to)
    return MappingDraft(
        name=checked_text(name, "name", longest=LONGEST_NAME, least=1),
        filter=checked_filter(filter),
        targets=_targets(targets),
        is_active=is_active,
        valid_from=begin,
        valid_to=end,
        note=checked_text(note, "note", longest=LONGEST_NOTE),
    )


def _targets(given: Sequence[tuple[str, Decimal | str]]) -> tuple[tuple[CostCenter, int], ...]:
    if not given:
        raise InvalidInput("Name the cost centre that pays.", field="targets")
    centers = checked_centers([code for code, _ in given])
    for center in centers:
        if center.level != CenterLevel.COST_CENTER:
            raise InvalidInput(
                f"{center.code} is {CenterLevel(center.level).label.lower()}; only cost centres are charged.",
                field="targets",
                value=center.code,
            )
    weights = [
        int(checked_percent(percent, "targets", least=_LEAST, most=_MOST) * PPM_OF_PERCENT)
        for _, percent in given
    ]
    if sum(weights) != WHOLE:
        raise InvalidInput(
            f"The parts add up to {percent_text(sum(weights))}%, not to 100%.", field="targets"
        )
    return tuple(zip(centers, weights, strict=True))


def values_of(rule: MappingRule) -> dict[str, Any]:
    """A stored rule as `checked_mapping` takes it."""
    names = ("name", "filter", "is_active", "valid_from", "valid_to", "note")
    values = {name: getattr(rule, name) for name in names}
    targets = [(one.center.code, percent_text(one.weight)) for one in rule.targets.all()]
    return {**values, "targets": targets}


def access_mapping(pk: int) -> MappingRule:
    """Raises NotFound."""
    found = MappingRule.objects.prefetch_related("targets__center").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such mapping rule.")
    return found


def create_mapping(draft: MappingDraft, *, position: int | None = None) -> MappingRule:
    """A new rule at this place, counted from 1; the last by default. Raises Conflict at the limit."""
    with one_writer():
        if MappingRule.objects.count() >= MOST_RULES:
            raise Conflict(f"A workspace has at most {MOST_RULES:,} mapping rules.")
        rule = _written(MappingRule(position=0), draft)
        place(MappingRule, rule, position)
        return access_mapping(rule.pk)


def change_mapping(pk: int, draft: MappingDraft, *, position: int | None = None) -> MappingRule:
    """Raises NotFound. Without a `position` it keeps its place."""
    with one_writer():
        rule = _written(access_mapping(pk), draft)
        if position is not None:
            place(MappingRule, rule, position)
        return access_mapping(pk)


def _written(rule: MappingRule, draft: MappingDraft) -> MappingRule:
    for name in ("name", "filter", "is_active", "valid_from", "valid_to", "note"):
        setattr(rule, name, getattr(draft, name))
    rule.save()
    wanted = [(center.pk, weight) for center, weight in draft.targets]
    if list(rule.targets.values_list("center_id", "weight")) != wanted:
        rule.targets.all().delete()
        for center, weight in draft.targets:
            MappingTarget.objects.create(rule=rule, center=center, weight=weight)
    return rule


def delete_mapping(pk: int) -> MappingRule:
    """What it took goes to the next rule that matches, or is unmapped. Raises NotFound."""
    with one_writer():
        rule = access_mapping(pk)
        MappingRule.objects.filter(pk=pk).delete()
        close_gaps(MappingRule)
        return rule
