"""Pages of cost centres: the tree, one made or changed, deleted, CSV in and out."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from costinsights.core.audit import record_event
from costinsights.core.csv_files import ImportRefused
from costinsights.core.errors import ApplicationError, NotFound
from costinsights.core.tenancy import current_tenant
from reporting.centers import services
from reporting.centers.files import EXAMPLE, export_centers, import_centers
from reporting.centers.forms import CenterForm, CenterImportForm
from reporting.centers.tree import last_billed, tree_lines
from reporting.models import CostCenter
from reporting.views.center_base import ConfigurationPage


class CenterListPage(ConfigurationPage):
    """The tree, with what the last month billed."""

    def get(self, request: HttpRequest) -> HttpResponse:
        search, billed = request.GET.get("q", "")[:100], last_billed()
        context = {
            "search": search,
            "lines": tree_lines(search, billed, timezone.now().date()),
            "has_any": CostCenter.objects.exists(),
            "billed": billed,
        }
        return render(request, "reporting/centers/list.html", context)


class CenterMakePage(ConfigurationPage):
    """The form of a new one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(CenterForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CenterForm(request.POST)
        if form.is_valid():
            try:
                made = services.create_center(form.draft())
            except ApplicationError as refused:
                form.refuse(refused)
            else:
                messages.success(request, f"{made} is there.")
                return redirect("cost-center-list")
        return self.answer(form, status=422)

    def answer(
        self, form: CenterForm, center: CostCenter | None = None, status: int = 200
    ) -> HttpResponse:
        held = services.uses_of(center) if center else []
        context = {"form": form, "center": center, "held": held}
        return render(self.request, "reporting/centers/form.html", context, status=status)


class CenterPage(CenterMakePage):
    """One that is stored: change, move, retire."""

    def get(self, request: HttpRequest, center_id: int) -> HttpResponse:  # type: ignore[override]  # of an address
        center = self.center(center_id)
        return self.answer(CenterForm.of(center), center)

    def post(self, request: HttpRequest, center_id: int) -> HttpResponse:  # type: ignore[override]  # of an address
        center = self.center(center_id)
        form = CenterForm(request.POST, center=center)
        if form.is_valid():
            try:
                services.change_center(center_id, form.draft())
            except ApplicationError as refused:
                form.refuse(refused)
            else:
                messages.success(request, f"{form.cleaned_data['code']} is saved.")
                return redirect("cost-center-list")
        return self.answer(form, self.center(center_id), status=422)

    def center(self, center_id: int) -> CostCenter:
        try:
            return services.access_center(center_id)
        except NotFound as error:
            raise Http404(error.message) from error


class CenterDelete(CenterPage):
    """Deletes one that nothing refers to."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest, center_id: int) -> HttpResponse:  # type: ignore[override]  # of an address
        center = self.center(center_id)
        try:
            services.delete_center(center_id)
        except ApplicationError as refused:
            messages.error(request, refused.message)
            return redirect("cost-center", center_id)
        messages.success(request, f"{center} is deleted.")
        return redirect("cost-center-list")


class CenterImportPage(ConfigurationPage):
    """Takes a CSV file: all of it or, with every wrong line named, nothing."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(CenterImportForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CenterImportForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.answer(form, status=422)
        dry_run = form.cleaned_data["dry_run"]
        try:
            counts = import_centers(form.cleaned_data["file"].read(), dry_run=dry_run)
        except ImportRefused as refused:
            return self.answer(form, status=422, refused=refused)
        if dry_run:
            return self.answer(form, would=counts)
        messages.success(request, f"Imported: {counts.words}.")
        return redirect("cost-center-list")

    def answer(self, form: CenterImportForm, status: int = 200, **more: Any) -> HttpResponse:
        context = {"form": form, "example": EXAMPLE, **more}
        return render(self.request, "reporting/centers/import.html", context, status=status)


class CenterExport(ConfigurationPage):
    """All of them as a file that the import takes back."""

    def get(self, request: HttpRequest) -> HttpResponse:
        record_event("download.cost_centers_csv")
        name = f"{current_tenant().slug}_cost-centers.csv"
        return HttpResponse(
            export_centers(),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
