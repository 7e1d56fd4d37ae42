"""What staff do to a tenant: create, rename, plan, trial, domains, suspend, resume."""

from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from costinsights.core.tenancy import absolute_url, tenant_context
from tenants import domains, services, trials
from tenants.admin.base import row_or_404
from tenants.admin.forms import (
    DomainForm,
    NewTenantForm,
    NoFieldsForm,
    PlanForm,
    ReasonForm,
    RenameForm,
    TrialForm,
)
from tenants.admin.pages import FormPage
from tenants.jobs import job_named
from tenants.models import Domain, Tenant

# Members belong to another app, which this one does not know: its job is called by name.
INVITE_FIRST_OWNER = "accounts.invite_first_owner"


class CreateTenant(FormPage):
    form_class = NewTenantForm
    permission = "tenants.add_tenant"
    title = "New tenant"
    submit_label = "Create"
    intro = (
        f"The address becomes <short name>.{settings.BASE_DOMAIN}. Schema, database role and domain are made "
        "together or not at all."
    )
    tenant: Tenant | None = None

    def apply(self, form: Any) -> str:
        given = form.cleaned_data
        tenant = services.create_tenant(
            name=given["name"],
            slug=given["slug"],
            plan=given["plan"],
            reporting_currency=given["reporting_currency"],
        )
        self.tenant = tenant
        invite_first_owner(tenant, given["owner_email"])
        return f"{tenant.name} is ready at {absolute_url(tenant, '/')}. The owner is being invited."

    def back(self) -> str:
        if self.tenant is None:
            return reverse("admin:tenants_tenant_changelist")
        return page_of(self.tenant)


def invite_first_owner(tenant: Tenant, email: str) -> None:
    """Send the job that mails the invitation, once the tenant is committed."""
    job = job_named(INVITE_FIRST_OWNER)

    def send() -> None:
        with tenant_context(tenant):
            job.delay(email=email)

    transaction.on_commit(send)


def page_of(tenant: Tenant) -> str:
    return reverse("admin:tenants_tenant_change", args=[tenant.pk])


class AboutTenant(FormPage):
    """A form about one tenant, named by `tenant_id` in the address."""

    permission = "tenants.change_tenant"
    tenant: Tenant

    def load(self, **kwargs: Any) -> None:
        self.tenant = row_or_404(Tenant, kwargs["tenant_id"])

    def back(self) -> str:
        return page_of(self.tenant)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, subtitle=self.tenant.name)


class Rename(AboutTenant):
    form_class = RenameForm
    title = "Rename"

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.tenant.name}

    def apply(self, form: Any) -> str:
        services.rename_tenant(self.tenant, form.cleaned_data["name"])
        return "The name is saved."


class ChangePlan(AboutTenant):
    form_class = PlanForm
    title = "Change the plan"
    intro = (
        "Takes effect with the next request. After a downgrade nothing is deleted: what the greater plan had can be "
        "read for another 30 days."
    )

    def get_initial(self) -> dict[str, Any]:
        return {"plan": self.tenant.plan}

    def apply(self, form: Any) -> str:
        given = form.cleaned_data
        trials.change_plan(
            tenant=self.tenant, plan=given["plan"], at=timezone.now(), reason=given["reason"]
        )
        return f"{self.tenant.name} has the {self.tenant.get_plan_display()} plan."


class StartTrial(AboutTenant):
    form_class = TrialForm
    title = "Start a trial"
    submit_label = "Start"
    intro = "Opens a greater plan for some days. A trial that runs or ran is replaced."

    def apply(self, form: Any) -> str:
        given = form.cleaned_data
        trials.start_trial(
            tenant=self.tenant,
            plan=given["plan"],
            days=given["days"],
            at=timezone.now(),
            reason=given["reason"],
        )
        return f"The trial runs for {given['days']} days."


class EndTrial(AboutTenant):
    form_class = ReasonForm
    title = "End the trial"
    submit_label = "End it now"
    is_danger = True
    intro = "What the trial opened can be read for another 30 days; nothing is deleted."

    def apply(self, form: Any) -> str:
        trials.end_trial(tenant=self.tenant, at=timezone.now(), reason=form.cleaned_data["reason"])
        return "The trial is over."


class AddDomain(AboutTenant):
    form_class = DomainForm
    title = "Add a domain"
    submit_label = "Add"
    intro = "Another host name that leads to this tenant. Point it here and have a certificate for it first."

    def apply(self, form: Any) -> str:
        domain = domains.add_domain(self.tenant, form.cleaned_data["domain"])
        return f"{domain.domain} leads to {self.tenant.name}."


class AboutDomain(AboutTenant):
    """A confirmation about one domain of the tenant."""

    form_class = NoFieldsForm
    domain: Domain

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        self.domain = row_or_404(Domain, kwargs["domain_id"])


class MakePrimary(AboutDomain):
    title = "Make a domain primary"
    submit_label = "Make it primary"

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        self.intro = f"Links in mails will point to {self.domain.domain}."

    def apply(self, form: forms.Form) -> str:
        domains.make_primary(self.tenant, self.domain.pk)
        return f"Links in mails point to {self.domain.domain}."


class RemoveDomain(AboutDomain):
    title = "Remove a domain"
    submit_label = "Remove"
    is_danger = True

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        self.intro = f"{self.domain.domain} will answer “there is no workspace at this address”."

    def apply(self, form: forms.Form) -> str:
        removed = domains.remove_domain(self.tenant, self.domain.pk)
        return f"{removed} is removed."


class Suspend(AboutTenant):
    form_class = ReasonForm
    title = "Suspend"
    submit_label = "Suspend"
    is_danger = True
    intro = "Pages and API answer 403 and jobs are refused from the next request on. The data stay."

    def apply(self, form: Any) -> str:
        services.suspend_tenant(self.tenant, reason=form.cleaned_data["reason"])
        return f"{self.tenant.name} is suspended."


class Resume(AboutTenant):
    form_class = ReasonForm
    title = "Resume"
    submit_label = "Resume"
    intro = "Pages, API and jobs work again from the next request on."

    def apply(self, form: Any) -> str:
        services.resume_tenant(self.tenant, reason=form.cleaned_data["reason"])
        return f"{self.tenant.name} works again."
