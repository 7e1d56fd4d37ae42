"""Banners about the plan: a page that is read-only, and limits that are nearly or wholly used up."""

import datetime as dt

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from costinsights.core.notices import Notice
from costinsights.core.tenancy import current_tenant
from costinsights.workspace.plan.facts import UsageFact, lines_worth_telling
from tenants.features import Feature, decide, required_plan
from tenants.offers import WHAT_IT_DOES


def plan_notices(request: HttpRequest) -> list[Notice]:
    """The banners for this request."""
    now = timezone.now()
    return [*_read_only(request, now), *_used_up(now)]


def feature_of(request: HttpRequest) -> Feature | None:
    """The feature of the view that answers."""
    view = getattr(request.resolver_match, "func", None)
    feature: Feature | None = getattr(getattr(view, "view_class", None), "feature", None)
    return feature


def _read_only(request: HttpRequest, now: dt.datetime) -> list[Notice]:
    feature = feature_of(request)
    until = decide(feature, at=now).read_only_until if feature else None
    if feature is None or until is None:
        return []
    plan = required_plan(feature)
    name, _ = WHAT_IT_DOES[feature]
    way_out = f" The {plan.label} plan opens it again." if plan else ""
    return [
        Notice(
            level="warning",
            icon="eye",
            title=f"{name} is read-only.",
            text=f"The plan that had it has ended. Nothing is deleted before {until:%-d %B %Y}.{way_out}",
            link=reverse("plan-usage"),
            link_label="Plan and usage",
        )
    ]


def _used_up(now: dt.datetime) -> list[Notice]:
    found = []
    for line in lines_worth_telling(current_tenant(), now):
        fact = UsageFact(line)
        reached = line.state == "reached"
        found.append(
            Notice(
                level="danger" if reached else "warning",
                icon="gauge",
                title=f"{fact.label}: {line.percent}% of what the plan includes.",
                text=f"{fact.used} of {fact.limit} are used. Nothing is deleted for that.",
                link=reverse("plan-usage"),
                link_label="Plan and usage",
            )
        )
    return found
