"""Mails of scheduled runs: a summary with a link, and what went wrong.

The link is the run's page, which asks for sign-in: a mail that is passed on shows its few lines and opens nothing, and
rights that were taken away hold for old mails as well. Owners of cost centres are told of closed statements alone,
because those are what they may open.
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings
from django.urls import reverse

from costinsights.core.mail import send_mail
from costinsights.core.templatetags.display import money
from costinsights.core.tenancy import absolute_url, current_tenant
from reporting.allocation.types import Bucket
from reporting.models import ReportRun, RunState, Statement
from reporting.reports.selectors import may_be_mailed
from reporting.statements.telling import tell_of_issue

# How long a job has for a run's mails before another one tries.
TRIES_AFTER = dt.timedelta(minutes=10)
# What could not be sent for so long is not worth sending any more.
GIVES_UP_AFTER = dt.timedelta(days=3)


def send_due(*, now: dt.datetime) -> int:
    """Send what is due. Returns how many mails went out. Raises OSError or SMTPException; the rest stays due."""
    due = ReportRun.objects.filter(mail_due_at__lte=now)
    due.filter(ended_at__lt=now - GIVES_UP_AFTER).update(mail_due_at=None)
    sent = 0
    for run in due.select_related("report", "schedule__created_by", "requested_by").order_by("pk"):
        mine = ReportRun.objects.filter(pk=run.pk, mail_due_at=run.mail_due_at)
        if mine.update(mail_due_at=now + TRIES_AFTER):
            sent += _failed(run) if run.state == RunState.FAILED else _done(run)
            ReportRun.objects.filter(pk=run.pk).update(mail_due_at=None)
    return sent


def _failed(run: ReportRun) -> int:
    owner = run.schedule.created_by if run.schedule else run.requested_by
    if owner is None or not owner.is_active:
        return 0
    subject = f"{run.report.name} could not be made"
    send = partial(_mail, run, owner.email, subject, "report_failed", {})
    return _once(run, owner.email, send)


def _done(run: ReportRun) -> int:
    if run.schedule is None:
        return 0
    context = summary_context(run.summary)
    subject = f"{run.report.name}: {context['headline']}"
    sent = 0
    for address in run.schedule.recipients:
        if may_be_mailed(run.report, address):
            sent += _once(run, address, partial(_mail, run, address, subject, "report", context))
    return sent + (_tell_owners(run) if run.schedule.to_owners else 0)


def _tell_owners(run: ReportRun) -> int:
    found = Statement.objects.filter(
        pk__in=run.summary.get("held", {}).get("statements", []),
        bucket=Bucket.CENTER,
        revision__gt=0,
    ).select_related("period", "center__owner")
    return sum(
        _once(run, statement.number, partial(tell_of_issue, statement)) for statement in found
    )


def _once(run: ReportRun, key: str, send: Callable[[], object]) -> int:
    """Send it unless an earlier try did: a mail server that fails half-way makes no doubles."""
    if key in run.mailed_to:
        return 0
    send()
    run.mailed_to = [*run.mailed_to, key]
    run.save(update_fields=["mailed_to"])
    return 1


def _mail(
    run: ReportRun, address: str, subject: str, template: str, context: dict[str, Any]
) -> None:
    tenant = current_tenant()
    place = reverse("report-run", args=[run.pk], urlconf=settings.ROOT_URLCONF)
    send_mail(
        to=address,
        subject=subject,
        template=f"reporting/mail/{template}",
        context={
            "run": run,
            "tenant": tenant,
            "to": address,
            "link": absolute_url(tenant, place),
            **context,
        },
    )


def summary_context(summary: dict[str, Any]) -> dict[str, Any]:
    """A run's summary in words: amounts with their currency, signs, percents."""
    currency = summary["currency"]

    def shown(text: str | None) -> str:
        return "unknown" if text is None else money(int(Decimal(text) * 1_000_000), currency)

    def change(text: str | None) -> str:
        if text is None:
            return ""
        return ("+" if Decimal(text) > 0 else "") + shown(text)

    last = dt.date.fromisoformat(summary["end"]) - dt.timedelta(days=1)
    ratio = summary["ratio"]
    total = shown(summary["total"])
    return {
        "title": summary["title"],
        "first_day": dt.date.fromisoformat(summary["start"]),
        "last_day": last,
        "total": total,
        "headline": f"{total}{', preliminary' if summary['is_preliminary'] else ''}",
        "previous": None if summary["previous"] is None else shown(summary["previous"]),
        "delta": change(summary["delta"]),
        "percent": "" if ratio is None else f"{Decimal(ratio) * 100:+.1f}%",
        "movers": [
            {**mover, "amount": shown(mover["current"]), "change": change(mover["delta"])}
            for mover in summary["movers"]
        ],
        "notes": summary["notes"],
    }
