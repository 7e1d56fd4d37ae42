"""Jobs that failed: look, try again, dismiss."""

import json
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from costinsights.core.errors import ApplicationError
from tenants import jobs
from tenants.admin.base import (
    ReadOnlyAdmin,
    column,
    page,
    refusals_as_messages,
    require,
    row_or_404,
    staff_of,
)
from tenants.models import JobFailure


class StateFilter(admin.SimpleListFilter):
    """Open ones first: the list begins with them."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "All"), ("retried", "Retried"), ("dismissed", "Dismissed")]

    def choices(self, changelist: Any) -> Any:
        found = list(super().choices(changelist))
        return [{**found[0], "display": "Open"}, *found[1:]]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[JobFailure]
    ) -> QuerySet[JobFailure]:
        value = self.value()
        if value == "all":
            return queryset
        if value == "retried":
            return queryset.filter(retried_at__isnull=False)
        if value == "dismissed":
            return queryset.filter(dismissed_at__isnull=False)
        return queryset.filter(retried_at__isnull=True, dismissed_at__isnull=True)


@admin.register(JobFailure)
class JobFailureAdmin(ReadOnlyAdmin):
    """Jobs that raised and will not be tried again by themselves. Kept for 30 days."""

    list_display = ("job", "tenant", "error", "failed_at", "state")
    list_filter = (StateFilter, "failed_at", "task", "error", "tenant")
    search_fields = ("task", "error", "message", "tenant__slug")
    list_select_related = ("tenant",)
    date_hierarchy = "failed_at"
    ordering = ("-failed_at",)
    actions: ClassVar[list[str]] = ["retry_selected", "dismiss_selected"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("tenants.change_jobfailure"))

    def get_actions(self, request: HttpRequest) -> Any:
        return super().get_actions(request) if self.has_change_permission(request) else {}

    @column(description="job", ordering="task")
    def job(self, row: JobFailure) -> str:
        return format_html("{}", row.task)

    @column(description="state", label={"open": "danger", "retried": "success", "dismissed": ""})
    def state(self, row: JobFailure) -> str:
        return state_of(row)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        require(request, "tenants.view_jobfailure")
        failure = row_or_404(JobFailure, object_id)
        context = {
            "title": failure.task,
            "opts": JobFailure._meta,
            "original": failure,
            "failure": failure,
            "state": state_of(failure),
            "arguments": json.dumps(masked(failure.kwargs), indent=2, sort_keys=True),
            "may_change": self.has_change_permission(request),
        }
        return page(self.admin_site, request, "admin/staff/job.html", context)

    @admin.action(description="Retry")
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[JobFailure]) -> None:
        sent = 0
        for failure in queryset.order_by("failed_at"):
            try:
                jobs.retry(failure, by=staff_of(request), at=timezone.now())
            except ApplicationError as refusal:
                messages.error(request, f"{failure.task}: {refusal.message}")
            else:
                sent += 1
        messages.success(request, f"Sent again: {sent} of {len(queryset)}.")

    @admin.action(description="Dismiss")
    def dismiss_selected(self, request: HttpRequest, queryset: QuerySet[JobFailure]) -> None:
        done = 0
        for failure in queryset:
            with refusals_as_messages(request):
                jobs.dismiss(failure, at=timezone.now())
                done += 1
        messages.success(request, f"Dismissed: {done} of {len(queryset)}.")


def state_of(failure: JobFailure) -> str:
    if failure.retried_at is not None:
        return "retried"
    return "open" if failure.dismissed_at is None else "dismissed"


def masked(value: Any) -> Any:
    """The arguments with e-mail addresses shortened: a member's address is no business of staff."""
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, str) and "@" in value:
        return f"{value[:1]}…@…"
    return value


@require_POST
def retry_one(request: HttpRequest, failure_id: int) -> HttpResponse:
    require(request, "tenants.change_jobfailure")
    failure = row_or_404(JobFailure, failure_id)
    with refusals_as_messages(request):
        jobs.retry(failure, by=staff_of(request), at=timezone.now())
        messages.success(request, "The job was sent again.")
    return _to_failure(failure_id)


@require_POST
def dismiss_one(request: HttpRequest, failure_id: int) -> HttpResponse:
    require(request, "tenants.change_jobfailure")
    failure = row_or_404(JobFailure, failure_id)
    with refusals_as_messages(request):
        jobs.dismiss(failure, at=timezone.now())
        messages.success(request, "The failure is dismissed.")
    return _to_failure(failure_id)


def _to_failure(failure_id: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:tenants_jobfailure_change", args=[failure_id]))
