"""Exchange rates: list, enter, correct, remove, import, export."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import RoleRequiredMixin
from costinsights.core.audit import record_event
from costinsights.core.errors import ApplicationError, NotFound
from costinsights.core.tenancy import current_tenant
from costinsights.costs import rate_services
from costinsights.costs.models import Cluster, ExchangeRate
from costinsights.costs.rate_files import ImportRefused, read_rates, write_rates
from costinsights.costs.rate_forms import RateForm, RateImportForm

PAGE_SIZE = 50
EXAMPLE_FILE = (
    "currency,valid_from,rate,source\nEUR,2026-11-01,1.0855,ECB\nGBP,2026-11-01,1.2701,ECB"
)


class _RatesPage(RoleRequiredMixin):
    """The list with its forms. Analysts read; admins change."""

    def answer(
        self,
        *,
        form: RateForm | None = None,
        import_form: RateImportForm | None = None,
        refused: ImportRefused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        rates = ExchangeRate.objects.select_related("entered_by")
        page = Paginator(rates, PAGE_SIZE).get_page(self.request.GET.get("page"))
        context: dict[str, Any] = {
            "page_obj": page,
            "form": form or RateForm(initial={"valid_from": timezone.now().date()}),
            "import_form": import_form or RateImportForm(),
            "refused": refused,
            "example": EXAMPLE_FILE,
            "reporting_currency": current_tenant().reporting_currency,
            "without_rate": clusters_without_rate(),
            "can_manage": self.member.has_role(Role.ADMIN),
        }
        return render(self.request, "exchange_rates/list.html", context, status=status)


def clusters_without_rate() -> list[Cluster]:
    """Clusters in another currency for which no rate to the reporting currency was ever entered."""
    own = current_tenant().reporting_currency
    known = ExchangeRate.objects.filter(to_currency=own).values("currency")
    return list(Cluster.objects.in_order().exclude(currency=own).exclude(currency__in=known))


class RateListPage(_RatesPage):
    """All rates, newest first within a pair, and the form for another."""

    required_role = Role.ANALYST

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer()

    def post(self, request: HttpRequest) -> HttpResponse:
        if not self.member.has_role(Role.ADMIN):
            return self.answer(status=403)
        form = RateForm(request.POST)
        if not form.is_valid():
            return self.answer(form=form, status=422)
        try:
            rate = rate_services.enter_rate(draft=form.draft(), by=self.member, at=timezone.now())
        except ApplicationError as refused:
            form.refuse(refused)
            return self.answer(form=form, status=422)
        messages.success(request, f"{rate} is saved, valid from {rate.valid_from:%-d %b %Y}.")
        return redirect("exchange-rate-list")


class RateImportPage(_RatesPage):
    """Takes a CSV file: all of it or, with every wrong line named, nothing."""

    http_method_names = ["get", "post"]  # noqa: RUF012  Django's own attribute

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("exchange-rate-list")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = RateImportForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.answer(import_form=form, status=422)
        try:
            counts = rate_services.import_rates(
                drafts=read_rates(form.cleaned_data["file"].read()),
                by=self.member,
                at=timezone.now(),
            )
        except ImportRefused as refused:
            return self.answer(import_form=form, refused=refused, status=422)
        except ApplicationError as refusal:
            form.add_error(None, refusal.message)
            return self.answer(import_form=form, status=422)
        messages.success(request, f"Imported: {counts.words}.")
        return redirect("exchange-rate-list")


class RateExport(RoleRequiredMixin):
    """All rates as a file that the import takes back."""

    required_role = Role.ANALYST

    def get(self, request: HttpRequest) -> HttpResponse:
        record_event("download.exchange_rates_csv")
        name = f"{current_tenant().slug}_exchange-rates.csv"
        return HttpResponse(
            write_rates(ExchangeRate.objects.all()),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


class RateEditPage(RoleRequiredMixin):
    """Correct one rate."""

    def get(self, request: HttpRequest, rate_id: int) -> HttpResponse:
        row = self.row(rate_id)
        return self.answer(row, RateForm.of(row))

    def post(self, request: HttpRequest, rate_id: int) -> HttpResponse:
        row = self.row(rate_id)
        form = RateForm(request.POST, to_currency=row.to_currency)
        if not form.is_valid():
            return self.answer(row, form, status=422)
        try:
            rate_services.change_rate(
                pk=rate_id,
                draft=form.draft(),
                by=self.member,
                at=timezone.now(),
                seen_at=form.last_seen_at,
            )
        except ApplicationError as refused:
            form.refuse(refused)
            return self.answer(row, form, status=422)
        messages.success(request, "The rate is saved.")
        return redirect("exchange-rate-list")

    def row(self, rate_id: int) -> ExchangeRate:
        try:
            return rate_services.access_rate(rate_id)
        except NotFound as error:
            raise Http404(error.message) from error

    def answer(self, row: ExchangeRate, form: RateForm, status: int = 200) -> HttpResponse:
        context = {"rate": row, "form": form}
        return render(self.request, "exchange_rates/edit.html", context, status=status)


class RateRemove(RateEditPage):
    """Forgets one rate; from its day on the one before it counts again."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest, rate_id: int) -> HttpResponse:
        row = self.row(rate_id)
        rate_services.remove_rate(pk=rate_id)
        messages.success(request, f"{row} from {row.valid_from:%-d %b %Y} is removed.")
        return redirect("exchange-rate-list")
