"""Buttons of the first steps: sample data in and out, the list hidden and shown."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from costinsights.accounts.permissions import RoleRequiredMixin
from costinsights.costs.samples import load_sample_data, remove_sample_data
from costinsights.workspace.first_steps.checklist import hide_checklist


class LoadSampleData(RoleRequiredMixin):
    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest) -> HttpResponse:
        load_sample_data(now=timezone.now())
        return redirect("overview")


class RemoveSampleData(RoleRequiredMixin):
    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest) -> HttpResponse:
        if remove_sample_data():
            messages.success(request, "The sample data is removed.")
        return redirect("overview")


class HideChecklist(RoleRequiredMixin):
    """Hides the list for everybody; with `show` it comes back."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest) -> HttpResponse:
        show = request.POST.get("show") == "1"
        hide_checklist(hidden=not show, at=timezone.now())
        if not show:
            messages.info(
                request, "The first steps are hidden. Settings → Workspace shows them again."
            )
        return redirect("overview")
