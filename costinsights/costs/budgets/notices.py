"""Banners about budgets that reached a threshold in the last days."""

import datetime as dt

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from costinsights.accounts.models import User
from costinsights.core.notices import Notice
from costinsights.costs.budgets.models import Budget, BudgetState
from tenants.features import Access, Feature, feature_access

# How long after its event a budget is told of: long enough for a week off, not a whole month.
TOLD_FOR = dt.timedelta(days=7)
_WORDS = {
    BudgetState.EXCEEDED: ("danger", "is exceeded", "are exceeded"),
    BudgetState.AT_RISK: (
        "warning",
        "is forecast to be exceeded",
        "are forecast to be exceeded",
    ),
}
_MOST_NAMES = 3


def budget_notices(request: HttpRequest) -> list[Notice]:
    """One banner for exceeded budgets and one for those at risk; none for limited members.

    The pages of budgets say so themselves.
    """
    member = request.user
    where = request.resolver_match.url_name if request.resolver_match else ""
    if (where or "").startswith("budget-"):
        return []
    if not isinstance(member, User) or member.is_limited:
        return []
    if feature_access(Feature.BUDGETS) is Access.CLOSED:
        return []
    rows = list(
        Budget.objects.filter(
            standing__state__in=list(_WORDS),
            standing__period_end__gt=timezone.now(),
            events__happened_at__gt=timezone.now() - TOLD_FOR,
        )
        .distinct()
        .order_by("name")
        .values_list("pk", "name", "standing__state")
    )
    found = []
    for state, (level, one, several) in _WORDS.items():
        mine = [(pk, name) for pk, name, stands in rows if stands == state]
        if not mine:
            continue
        names = ", ".join(name for _, name in mine[:_MOST_NAMES])
        more = f" and {len(mine) - _MOST_NAMES} more" if len(mine) > _MOST_NAMES else ""
        is_one = len(mine) == 1
        found.append(
            Notice(
                level=level,
                icon="wallet",
                title=f"Budget {names} {one}." if is_one else f"Budgets {names}{more} {several}.",
                link=reverse("budget-detail", args=[mine[0][0]])
                if is_one
                else reverse("budget-list"),
                link_label="Show it" if is_one else "Show them",
            )
        )
    return found
