"""Cost centres and rules for tests."""

from typing import Any

import factory

from reporting.models import CostCenter, MappingRule, MappingTarget, ShareRule, ShareTarget


class CostCenterFactory(factory.django.DjangoModelFactory[CostCenter]):
    class Meta:
        model = CostCenter

    code = factory.Sequence(lambda number: f"CC{100 + number}")
    name = factory.LazyAttribute(lambda made: f"Team {made.code}")
    owner_email = factory.LazyAttribute(lambda made: f"{made.code.lower()}@acme.test")
    gl_account = "6200"


def mapping_rule(filter_text: str, *targets: tuple[CostCenter, int], **values: Any) -> MappingRule:
    """The last rule of the list; targets with their parts per million."""
    values = {"name": filter_text, "position": MappingRule.objects.count() + 1, **values}
    rule = MappingRule.objects.create(filter=filter_text, **values)
    for center, weight in targets:
        MappingTarget.objects.create(rule=rule, center=center, weight=weight)
    return rule


def share_rule(
    source: str, method: str, *targets: tuple[CostCenter, int], **values: Any
) -> ShareRule:
    """The last share rule of the list."""
    values = {"name": f"{source} {method}", "position": ShareRule.objects.count() + 1, **values}
    rule = ShareRule.objects.create(source=source, method=method, **values)
    for center, weight in targets:
        ShareTarget.objects.create(rule=rule, center=center, weight=weight)
    return rule
