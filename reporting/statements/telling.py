"""Telling people of statements: issued ones to their cost centre, disputes to who prepares, answers to who asked."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse

from costinsights.accounts.models import Role, User
from costinsights.core.mail import send_mail
from costinsights.core.templatetags.display import money
from costinsights.core.tenancy import absolute_url, current_tenant
from reporting.allocation.types import Bucket
from reporting.models import Dispute, Period, Statement
from reporting.statements.document import decode


def tell_of_issue(statement: Statement) -> int:
    """A mail to the owner of the cost centre, and to the address it has beside. Returns how many were sent."""
    document = decode(statement.document)
    summary, currency = document.summary, statement.currency
    center = statement.center
    addresses = {document.header.owner_email: document.header.owner_name}
    if center and center.owner and center.owner.is_active:
        addresses[center.owner.email] = center.owner.name
    parts = [
        (label, money(amount, currency))
        for label, amount in (
            ("Direct cost", summary.direct),
            ("Shared cost", summary.shared),
            ("Idle cost", summary.idle),
            ("Overhead", summary.overhead),
            ("Adjustments of earlier months", summary.adjustments),
        )
        if amount
    ]
    context = {
        "statement": statement,
        "tenant": current_tenant(),
        "billed": money(statement.billed, currency),
        "previous": None if summary.previous is None else money(summary.previous, currency),
        "parts": parts,
        "link": link_to(statement),
    }
    return _send(
        addresses,
        subject=f"{statement.number}: {context['billed']} for {statement.period.month:%B %Y}",
        template="reporting/mail/issued",
        context=context,
    )


def issued(period: Period) -> Iterable[Statement]:
    """The statements of a month's last close that somebody is to be told of."""
    return (
        Statement.objects.filter(period=period, revision=period.revision, bucket=Bucket.CENTER)
        .select_related("period", "center__owner")
        .iterator()
    )


def tell_of_dispute(made: Dispute) -> int:
    """An open one to who closed the month or, where that is not known, to its analysts; an answered one to who raised it."""
    statement = made.statement
    context = {
        "dispute": made,
        "statement": statement,
        "tenant": current_tenant(),
        "link": link_to(statement),
    }
    if made.resolved_at is not None:
        people = [made.raised_by] if made.raised_by else []
        subject, template = f"{statement.number}: your dispute has an answer", "resolved"
    else:
        people = _preparers(statement)
        subject, template = f"{statement.number} is disputed", "disputed"
    addresses = {one.email: one.name for one in people if one.is_active}
    return _send(addresses, subject=subject, template=f"reporting/mail/{template}", context=context)


def link_to(statement: Statement) -> str:
    """Its page; whoever opens it signs in and must be allowed to see it."""
    place = reverse("statement-detail", args=[statement.pk], urlconf=settings.ROOT_URLCONF)
    return absolute_url(current_tenant(), place)


def _preparers(statement: Statement) -> list[User]:
    review = getattr(statement, "review", None)
    people = [statement.period.prepared_by, review.issued_by if review else None]
    known = [one for one in people if one is not None and one.is_active]
    if known:
        return known
    return list(User.objects.filter(role__in=[Role.OWNER, Role.ADMIN], is_active=True))


def _send(
    addresses: dict[str, str], *, subject: str, template: str, context: dict[str, object]
) -> int:
    sent = 0
    for address, name in sorted(addresses.items()):
        if address:
            send_mail(
                to=address, subject=subject, template=template, context={**context, "name": name}
            )
            sent += 1
    return sent
