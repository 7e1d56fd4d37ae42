"""Deleting a tenant: a typed confirmation, a job, and a page that says how far it is."""

from typing import Any

from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from tenants import services
from tenants.admin.base import page, require, row_or_404
from tenants.admin.forms import TypedSlugForm
from tenants.admin.pages import FormPage
from tenants.limits import usage_of
from tenants.models import JobFailure, Tenant, TenantStatus
from tenants.tasks import delete_tenant


class DeleteTenant(FormPage):
    """Asks for the short name, typed. The work is a job: dropping a schema takes its time."""

    template_name = "admin/staff/delete_tenant.html"
    form_class = TypedSlugForm
    permission = "tenants.delete_tenant"
    title = "Delete a tenant"
    submit_label = "Delete for good"
    is_danger = True
    tenant: Tenant

    def load(self, **kwargs: Any) -> None:
        self.tenant = row_or_404(Tenant, kwargs["tenant_id"])

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "slug": self.tenant.slug}

    def apply(self, form: Any) -> str:
        services.mark_for_deletion(self.tenant)
        LogEntry.objects.create(
            user=self.staff,
            content_type=ContentType.objects.get_for_model(Tenant),
            object_id=str(self.tenant.pk),
            object_repr=f"{self.tenant.name} ({self.tenant.slug})",
            action_flag=DELETION,
            action_time=timezone.now(),
        )
        tenant_id = self.tenant.pk
        transaction.on_commit(lambda: delete_tenant.delay(tenant_id=tenant_id))
        return f"{self.tenant.name} is being deleted."

    def back(self) -> str:
        row = Tenant.objects.filter(pk=self.tenant.pk).first()
        if row is not None and row.status == TenantStatus.DELETING:
            return reverse("admin:tenant-deletion", args=[self.tenant.pk])
        return reverse("admin:tenants_tenant_change", args=[self.tenant.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            subtitle=self.tenant.name,
            tenant_row=self.tenant,
            usage=usage_of(self.tenant),
            domains=self.tenant.domains.order_by("domain"),
        )


def deletion_page(request: HttpRequest, tenant_id: int, site: Any) -> HttpResponse:
    """How far a deletion is. Known from rows: the tenant's own, and the failure of its job."""
    require(request, "tenants.delete_tenant")
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    failure = (
        JobFailure.objects.filter(task=delete_tenant.name, kwargs__tenant_id=tenant_id)
        .filter(retried_at=None, dismissed_at=None)
        .first()
    )
    entry = (
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(Tenant),
            object_id=str(tenant_id),
            action_flag=DELETION,
        )
        .order_by("-pk")
        .first()
    )
    if tenant is not None and tenant.status != TenantStatus.DELETING:
        state = "not_asked"
    elif failure is not None and tenant is not None:
        state = "failed"
    else:
        state = "running" if tenant is not None else "done"
    context = {
        "title": "Deletion of a tenant",
        "name": entry.object_repr if entry else str(tenant or f"Tenant {tenant_id}"),
        "asked_at": entry.action_time if entry else None,
        "asked_by": entry.user if entry else None,
        "state": state,
        "failure": failure,
        "here": reverse("admin:tenant-deletion", args=[tenant_id]),
    }
    # Alone for htmx, which asks every two seconds while the job runs.
    is_part = request.headers.get("HX-Request") == "true"
    template = "admin/staff/deletion.html#state" if is_part else "admin/staff/deletion.html"
    return page(site, request, template, context)
