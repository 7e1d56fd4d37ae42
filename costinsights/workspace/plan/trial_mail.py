"""Mail to the owners before a trial ends and when it has ended. The end itself needs no job."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from costinsights.accounts.models import Role, User
from costinsights.core.mail import send_mail
from costinsights.core.tenancy import absolute_url, current_tenant
from tenants.models import GRACE, Plan, Tenant
from tenants.trials import claim_trial_mail, trial_mail_due

SUBJECTS = {
    "soon": "The {plan} trial of {name} ends on {day}",
    "ended": "The {plan} trial of {name} has ended",
}


def tell_trial_ends(*, at: dt.datetime) -> int:
    """Send the mail that is due, if one is, to every owner. Returns how many were sent.

    Each mail goes out once; when the mail server fails, nothing is noted and the next run tries again.
    """
    tenant = current_tenant()
    mail = trial_mail_due(tenant, at)
    if not mail or not isinstance(tenant, Tenant) or tenant.trial_ends_at is None:
        return 0
    owners = list(User.objects.filter(role=Role.OWNER, is_active=True))
    with transaction.atomic():
        if not claim_trial_mail(tenant, mail):
            return 0
        for owner in owners:
            _send(owner, mail, tenant, tenant.trial_ends_at)
    return len(owners)


def _send(owner: User, mail: str, tenant: Tenant, ends_at: dt.datetime) -> None:
    plan = Plan(tenant.trial_plan)
    day = f"{ends_at:%-d %B %Y}"
    send_mail(
        to=owner.email,
        subject=SUBJECTS[mail].format(plan=plan.label, name=tenant.name, day=day),
        template=f"workspace/mail/trial_{mail}",
        context={
            "user": owner,
            "tenant": tenant,
            "plan": plan.label,
            "plan_after": Plan(tenant.plan).label,
            "ends_at": ends_at,
            "readable_until": ends_at + GRACE,
            "link": absolute_url(tenant, reverse("plan-usage", urlconf=settings.ROOT_URLCONF)),
        },
    )
