"""Telling a budget's owner that it reached thresholds: one mail for all that were reached together."""

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from costinsights.core.mail import send_mail
from costinsights.core.templatetags.display import money
from costinsights.core.tenancy import absolute_url, current_tenant
from costinsights.costs.budgets.models import Basis, BudgetEvent

# How long a job has for a mail before another one tries.
TRIES_AFTER = dt.timedelta(minutes=10)
# What could not be sent for so long is not worth sending any more.
GIVES_UP_AFTER = dt.timedelta(days=3)


def send_due_mails(*, now: dt.datetime) -> int:
    """Send what is due. Returns how many mails went out. Raises OSError or SMTPException; the rest stays due."""
    BudgetEvent.objects.filter(mail_due_at__lt=now, happened_at__lt=now - GIVES_UP_AFTER).update(
        mail_due_at=None
    )
    due = BudgetEvent.objects.filter(mail_due_at__lte=now).select_related("budget__owner")
    sent = 0
    for _, group in groupby(
        due.order_by("budget_id", "period_start", "pk"),
        key=lambda event: (event.budget_id, event.period_start),
    ):
        sent += _send(list(group), now)
    return sent


def _send(events: Sequence[BudgetEvent], now: dt.datetime) -> bool:
    """One mail of those that nobody else is at. Sent at least once: a job that dies is tried again."""
    taken = _take([event.pk for event in events], now)
    events = [event for event in events if event.pk in taken]
    if not events:
        return False
    told = BudgetEvent.objects.filter(pk__in=taken)
    budget, owner = events[0].budget, events[0].budget.owner
    if owner is None or not owner.is_active or owner.is_limited:
        told.update(mail_due_at=None)
        return False
    strongest = max(events, key=lambda event: (event.basis == Basis.ACTUAL, event.percent))
    send_mail(
        to=owner.email,
        subject=f"Budget {budget.name}: {words_of(strongest)}",
        template="budgets/mail/reached",
        context={
            "user": owner,
            "tenant": current_tenant(),
            "budget": budget,
            "strongest": strongest,
            "headline": words_of(strongest),
            "lines": [line_of(event) for event in events],
            "period_name": strongest.period_name,
            "amount": money(strongest.amount, strongest.currency),
            "data_through": strongest.data_through,
            "link": absolute_url(
                current_tenant(),
                reverse("budget-detail", args=[budget.pk], urlconf=settings.ROOT_URLCONF),
            ),
        },
    )
    told.update(mail_due_at=None, mailed_at=now)
    return True


@transaction.atomic
def _take(keys: Sequence[int], now: dt.datetime) -> set[int]:
    """Those of the events that are still due: for a while they are this job's."""
    due = BudgetEvent.objects.select_for_update().filter(pk__in=keys, mail_due_at__lte=now)
    taken = set(due.order_by("pk").values_list("pk", flat=True))
    BudgetEvent.objects.filter(pk__in=taken).update(mail_due_at=now + TRIES_AFTER)
    return taken


def words_of(event: BudgetEvent) -> str:
    """`80% spent in November 2026`, `forecast at 104%`."""
    if event.basis == Basis.ACTUAL:
        return f"{event.percent}% spent in {event.period_name}"
    return f"forecast to reach {event.percent}% in {event.period_name}"


def line_of(event: BudgetEvent) -> str:
    """A threshold with what reached it."""
    value = money(event.value, event.currency)
    what = "spent" if event.basis == Basis.ACTUAL else "forecast"
    share = event.value * 100 / event.amount
    return f"{event.percent}% of the budget: {value} {what}, {share:.1f}%"
