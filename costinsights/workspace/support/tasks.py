"""Mail about support access. Sent by name from the staff site, which knows no member."""

from smtplib import SMTPException

from celery import shared_task
from django.conf import settings
from django.urls import reverse

from costinsights.accounts.models import Role, User
from costinsights.core.audit import record_event
from costinsights.core.mail import send_mail
from costinsights.core.tasks import TenantTask
from costinsights.core.tenancy import absolute_url, current_tenant
from tenants.support import grants_of


@shared_task(
    base=TenantTask,
    name="workspace.tell_owners_of_support",
    autoretry_for=(OSError, SMTPException),
    retry_backoff=10,
    max_retries=5,
)
def tell_owners_of_support(*, grant_id: int) -> int:
    """Tell every owner that support asks to look in, or looks in already. Returns how many were told."""
    tenant = current_tenant()
    grant = next((grant for grant in grants_of(tenant) if grant.pk == grant_id), None)
    if grant is None:
        return 0
    record_event(
        "support.break_glass" if grant.is_break_glass else "support.asked",
        target=str(grant.pk),
        details={
            "staff": grant.staff.email,
            "reason": grant.reason,
            "minutes": grant.minutes,
        },
    )
    subject = (
        f"Support is looking into {tenant.name}"
        if grant.is_break_glass
        else f"Support asks to look into {tenant.name}"
    )
    link = absolute_url(tenant, reverse("support-access", urlconf=settings.ROOT_URLCONF))
    owners = list(User.objects.filter(role=Role.OWNER, is_active=True))
    for owner in owners:
        send_mail(
            to=owner.email,
            subject=subject,
            template="workspace/mail/support",
            context={"user": owner, "tenant": tenant, "grant": grant, "link": link},
        )
    return len(owners)
