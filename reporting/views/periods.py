"""Pages of months: the list, one month, and its buttons."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import MemberRequiredMixin, RoleRequiredMixin
from costinsights.core.errors import ApplicationError, NotAllowed, NotFound
from reporting.downloads import Progress, file_answer, format_of, source_of_period
from reporting.exports.formats import Format
from reporting.models import Period
from reporting.statements import asking
from reporting.statements.closing import reopen
from reporting.statements.late import carry_forward, late_data
from reporting.statements.verifying import verify_month
from reporting.views.period_page import (
    MOST_LATE_LINES,
    month_lines,
    period_context,
    statement_lines,
)
from reporting.visibility import sees_all, visible_statements
from tenants.features import Feature
from tenants.gates import FeatureRequiredMixin

FORMATS = (
    (Format.PDF, "PDF", "the statement as a document"),
    (Format.XLSX, "Excel", "a sheet per block"),
    (Format.CSV, "CSV", "every line"),
    (Format.FOCUS, "FOCUS", "every line in the columns of FOCUS"),
    (Format.PARQUET, "Parquet", "every line with types"),
    (Format.JOURNAL, "Journal", "what the general ledger books"),
)
MOST_STATEMENTS = 200


@method_decorator(never_cache, name="dispatch")
class PeriodListPage(MemberRequiredMixin, FeatureRequiredMixin):
    """The months; for members who do not see all, the statements of their cost centres."""

    feature = Feature.REPORTING
    open_to_support = True

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.shown()

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            made = asking.open_month(
                request.POST.get("month", ""), by=self.member, now=timezone.now()
            )
            asking.ask_to_prepare(made, by=self.member)
        except NotAllowed as refused:
            return self.shown(refused=refused.message, status=403)
        except ApplicationError as refused:
            return self.shown(refused=refused.message, status=422)
        messages.success(request, f"{made.month:%B %Y} is being prepared.")
        return redirect("period-detail", month=str(made))

    def shown(self, *, refused: str = "", status: int = 200) -> HttpResponse:
        if not sees_all(self.member):
            rows = visible_statements(self.member).select_related("period", "review")
            rows = rows.defer("document").order_by("-period__month", "code", "-revision")
            lines = [line for one in rows[:MOST_STATEMENTS] for line in statement_lines([one])]
            context: dict[str, Any] = {"statements": lines, "refused": refused}
            return render(self.request, "reporting/my_statements.html", context, status=status)
        lines_of_months = month_lines(list(Period.objects.all()))
        context = {
            "months": lines_of_months,
            "is_busy": any(line.work.is_busy for line in lines_of_months),
            "to_open": asking.months_to_open(timezone.now()),
            "refused": refused,
        }
        return render(self.request, "reporting/periods.html", context, status=status)


class _OneMonth(RoleRequiredMixin, FeatureRequiredMixin):
    """Finds the month of the address, for members who see all."""

    feature = Feature.REPORTING
    required_role = Role.ANALYST

    def period(self, month: str) -> Period:
        try:
            return asking.period_of(self.member, month)
        except (NotFound, NotAllowed) as error:
            raise Http404(error.message) from error

    def page(self, period: Period, *, status: int = 200, **more: Any) -> HttpResponse:
        context = period_context(period, self.member, now=timezone.now())
        return render(
            self.request,
            "reporting/period.html",
            {**context, "formats": FORMATS, **more},
            status=status,
        )


@method_decorator(never_cache, name="dispatch")
class PeriodPage(_OneMonth):
    """One month: its reconciliation, its statements, and what can be done with it."""

    open_to_support = True

    def get(self, request: HttpRequest, month: str) -> HttpResponse:
        period = self.period(month)
        more: dict[str, Any] = {}
        if "late" in request.GET and period.revision:
            found = late_data(period)
            more = {"late": found, "late_changes": found.changes[:MOST_LATE_LINES]}
        return self.page(period, **more)


class _Act(_OneMonth):
    """A button of the page: does one thing and returns to it, or shows the page with what is wrong."""

    def get(self, request: HttpRequest, month: str) -> HttpResponse:
        return redirect("period-detail", month=month)

    def post(self, request: HttpRequest, month: str) -> HttpResponse:
        period = self.period(month)
        try:
            done = self.act(period)
        except ApplicationError as refused:
            given = {name: request.POST.get(name, "") for name in ("reason", "override_reason")}
            again = self.period(month)
            return self.page(again, refused=refused.message, given=given, status=422)
        messages.success(request, done)
        return redirect("period-detail", month=month)

    def act(self, period: Period) -> str:
        """Do it and say so in a sentence. Raises ApplicationError."""
        raise NotImplementedError

    def said(self, name: str) -> str:
        return str(self.request.POST.get(name, ""))


class PeriodPrepare(_Act):
    """Make preliminary statements."""

    def act(self, period: Period) -> str:
        asking.ask_to_prepare(period, by=self.member)
        return f"{period.month:%B %Y} is being prepared."


class PeriodClosing(_Act):
    """Freeze the month."""

    def act(self, period: Period) -> str:
        asking.ask_to_close(period, by=self.member, override_reason=self.said("override_reason"))
        return f"{period.month:%B %Y} is being closed. Everything is computed again first."


class PeriodCancel(_Act):
    """Stop the job."""

    def act(self, period: Period) -> str:
        asking.ask_to_stop(period, by=self.member)
        return "The job stops at its next step. Nothing is changed."


class PeriodReopen(_Act):
    """Open a closed month for another revision."""

    def act(self, period: Period) -> str:
        reopen(period, by=self.member, reason=self.said("reason"))
        return f"{period.month:%B %Y} is open again. What was closed stays as revision {period.revision}."


class PeriodCarryForward(_Act):
    """Have the next close charge what changed."""

    def act(self, period: Period) -> str:
        lines = carry_forward(period, by=self.member, reason=self.said("reason"))
        return f"{lines} lines are charged by the next close of a later month."


class PeriodVerify(_OneMonth):
    """Compute every hash again and say what was found."""

    def get(self, request: HttpRequest, month: str) -> HttpResponse:
        return redirect("period-detail", month=month)

    def post(self, request: HttpRequest, month: str) -> HttpResponse:
        period = self.period(month)
        checked, problems = verify_month(period)
        return self.page(period, verified=True, checked=checked, problems=problems)


class PeriodDownload(_OneMonth):
    """All statements of a month as one file."""

    def get(self, request: HttpRequest, month: str, format: str) -> HttpResponseBase:
        period = self.period(month)
        text = request.GET.get("revision", "")
        revision = int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else None
        try:
            found = file_answer(source_of_period(period, revision), format_of(format))
        except NotFound as error:
            raise Http404(error.message) from error
        except ApplicationError as refused:
            return self.page(period, refused=refused.message, status=422)
        return found if not isinstance(found, Progress) else rendering_page(request, found)


def rendering_page(request: HttpRequest, found: Progress) -> HttpResponse:
    """While a job makes a large file: the page asks again by itself."""
    return render(request, "reporting/rendering.html", {"progress": found}, status=202)
