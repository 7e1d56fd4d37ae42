"""Looking into a tenant, from the staff side: ask, break the glass, enter, end."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import absolute_url, tenant_context
from tenants import support
from tenants.admin.base import page, require, row_or_404, staff_of
from tenants.admin.forms import reason_field
from tenants.admin.pages import FormPage
from tenants.admin.tenant_forms import page_of
from tenants.jobs import job_named
from tenants.models import LONGEST_BREAK_GLASS, LONGEST_GRANT, SupportGrant, Tenant

# Members belong to another app, which this one does not know: its job is called by name.
TELL_OWNERS = "workspace.tell_owners_of_support"
ENTRANCE = "/support/enter/"


def _minutes_field(most: int, initial: int) -> forms.IntegerField:
    return forms.IntegerField(
        label="Minutes",
        min_value=5,
        max_value=most,
        initial=initial,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=f"5 to {most}, from the moment it takes effect.",
    )


class AskForm(forms.Form):
    reason = reason_field()
    minutes = _minutes_field(int(LONGEST_GRANT.total_seconds() // 60), 60)


class BreakGlassForm(forms.Form):
    reason = reason_field()
    minutes = _minutes_field(int(LONGEST_BREAK_GLASS.total_seconds() // 60), 30)


class _GrantPage(FormPage):
    tenant: Tenant

    def load(self, **kwargs: Any) -> None:
        self.tenant = row_or_404(Tenant, kwargs["tenant_id"])

    def back(self) -> str:
        return page_of(self.tenant)


class AskToLookIn(_GrantPage):
    form_class = AskForm
    permission = "tenants.add_supportgrant"
    title = "Ask to look in"
    submit_label = "Ask the owner"
    intro = (
        "The workspace's owners are asked by mail and on their pages. Once one approves, you may read the costs "
        "there until the time is over or they end it. Everything you open is written to their audit log."
    )

    def apply(self, form: Any) -> str:
        grant = support.ask(tenant=self.tenant, staff=self.staff, **form.cleaned_data)
        tell_owners(self.tenant, grant)
        return (
            f"The owners of {self.tenant.name} are asked. The grant appears here once one answers."
        )


class BreakGlass(_GrantPage):
    form_class = BreakGlassForm
    permission = "tenants.change_supportgrant"
    title = "Break the glass"
    submit_label = "Look in without approval"
    is_danger = True
    intro = (
        "For emergencies. You may read at once, for an hour at most; every owner is told by mail who, why and for "
        "how long, and everybody there sees a banner."
    )

    def apply(self, form: Any) -> str:
        grant = support.break_glass(
            tenant=self.tenant, staff=self.staff, at=timezone.now(), **form.cleaned_data
        )
        tell_owners(self.tenant, grant)
        return f"You may read in {self.tenant.name} until {grant.expires_at:%H:%M} UTC. The owners are told."


def tell_owners(tenant: Tenant, grant: SupportGrant) -> None:
    """Send the job that mails every owner, once the grant is committed."""
    job = job_named(TELL_OWNERS)

    def send() -> None:
        with tenant_context(tenant):
            job.delay(grant_id=grant.pk)

    transaction.on_commit(send)


@require_POST
def enter(request: HttpRequest, grant_id: int, *, site: Any) -> HttpResponse:
    """Shows the way on to the tenant's own address: a link with a ticket that works once, within a minute.

    A link, because the content policy keeps this site's forms from ending anywhere else.
    """
    require(request, "tenants.view_supportgrant")
    grant = _own_grant(request, grant_id)
    try:
        ticket = support.make_ticket(grant=grant, staff=staff_of(request), at=timezone.now())
    except ApplicationError as refusal:
        messages.error(request, refusal.message)
        return HttpResponseRedirect(page_of(grant.tenant))
    context = {
        "title": f"Look into {grant.tenant.name}",
        "grant": grant,
        "door": f"{absolute_url(grant.tenant, ENTRANCE)}?ticket={ticket}",
        "back": page_of(grant.tenant),
    }
    return page(site, request, "admin/staff/enter.html", context)


@require_POST
def end(request: HttpRequest, grant_id: int) -> HttpResponse:
    """End one's own grant, or withdraw the request."""
    require(request, "tenants.view_supportgrant")
    grant = _own_grant(request, grant_id)
    support.end(tenant=grant.tenant, pk=grant.pk, by=staff_of(request).email, at=timezone.now())
    messages.success(request, "It has ended.")
    return HttpResponseRedirect(reverse("admin:tenants_tenant_change", args=[grant.tenant_id]))


def _own_grant(request: HttpRequest, grant_id: int) -> SupportGrant:
    grant = (
        SupportGrant.objects.filter(pk=grant_id, staff=staff_of(request))
        .select_related("tenant")
        .first()
    )
    if grant is None:
        raise Http404
    return grant
