"""Jobs: how budgets stand after new days were stored, and the mails about it."""

import datetime as dt
from smtplib import SMTPException

from celery import shared_task
from django.utils import timezone

from costinsights.core.tasks import TenantTask
from costinsights.costs.budgets import evaluation, mails
from costinsights.costs.budgets.models import Budget, BudgetEvent
from tenants.features import Feature


@shared_task(base=TenantTask, name="costs.evaluate_budgets", feature=Feature.BUDGETS)
def evaluate_budgets() -> int:
    """Evaluate the budgets whose data changed. Safe to repeat. Returns how many were."""
    now = timezone.now()
    count = evaluation.evaluate_all(now=now)
    if BudgetEvent.objects.filter(mail_due_at__lte=now).exists():
        mail_budget_events.enqueue_on_commit()
    return count


@shared_task(
    base=TenantTask,
    name="costs.mail_budget_events",
    feature=Feature.BUDGETS,
    autoretry_for=(OSError, SMTPException),
    retry_backoff=700,  # past the time for which a mail is one job's
    max_retries=3,
)
def mail_budget_events() -> int:
    """Tell owners which thresholds were reached. Returns how many mails went out."""
    return mails.send_due_mails(now=timezone.now())


def evaluate_now(budget: Budget, *, now: dt.datetime) -> None:
    """For a budget that somebody has just made or changed: evaluate it, and send the mails that follow."""
    evaluation.evaluate(budget, now=now)
    if budget.events.filter(mail_due_at__lte=now).exists():
        mail_budget_events.enqueue_on_commit()
