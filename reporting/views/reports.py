"""Pages of reports: the list with what each last did, and one run."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from costinsights.accounts.permissions import MemberRequiredMixin
from costinsights.core.errors import Conflict, NotFound
from reporting.models import ReportRun
from reporting.reports.asking import UNFINISHED, ask_for_run, ask_to_stop
from reporting.reports.downloads import run_file
from reporting.reports.page import report_lines, run_context
from reporting.reports.selectors import report_for, run_for
from reporting.visibility import sees_all
from tenants.features import Feature
from tenants.gates import FeatureRequiredMixin


@method_decorator(never_cache, name="dispatch")
class ReportListPage(MemberRequiredMixin, FeatureRequiredMixin):
    """The reports that the member sees."""

    feature = Feature.REPORTING
    open_to_support = True

    def get(self, request: HttpRequest) -> HttpResponse:
        lines = report_lines(self.member)
        context = {
            "reports": lines,
            "is_busy": any(line.is_busy for line in lines),
            "has_tabs": sees_all(self.member),
        }
        return render(request, "reporting/reports/list.html", context)


class ReportRunStart(MemberRequiredMixin, FeatureRequiredMixin):
    """The button “Run”."""

    feature = Feature.REPORTING

    def post(self, request: HttpRequest, report_id: int) -> HttpResponseBase:
        try:
            report = report_for(self.member, report_id)
        except NotFound as error:
            raise Http404 from error
        try:
            run = ask_for_run(report, by=self.member, now=timezone.now())
        except Conflict as refused:
            messages.warning(request, refused.message)
            return redirect("report-list")
        return redirect("report-run", run.pk)


class _RunPage(MemberRequiredMixin, FeatureRequiredMixin):
    """What pages of one run share."""

    feature = Feature.REPORTING

    def run(self, run_id: int) -> ReportRun:
        """Raises Http404."""
        try:
            return run_for(self.member, run_id)
        except NotFound as error:
            raise Http404 from error


@method_decorator(never_cache, name="dispatch")
class ReportRunPage(_RunPage):
    """How far a run is; then its summary and files. What mails link to."""

    open_to_support = True

    def get(self, request: HttpRequest, run_id: int) -> HttpResponse:
        run = self.run(run_id)
        context: dict[str, Any] = run_context(run, self.member, now=timezone.now())
        context["is_busy"] = run.state in UNFINISHED
        return render(request, "reporting/reports/run.html", context)


class ReportRunCancel(_RunPage):
    """The button “Cancel”."""

    def post(self, request: HttpRequest, run_id: int) -> HttpResponseBase:
        try:
            ask_to_stop(self.run(run_id), now=timezone.now())
        except Conflict as refused:
            messages.info(request, refused.message)
        return redirect("report-run", run_id)


class ReportRunDownload(_RunPage):
    """A file of a run, for whoever is signed in and may see it."""

    def get(self, request: HttpRequest, run_id: int, file_number: int) -> HttpResponseBase:
        run = self.run(run_id)
        try:
            return run_file(run, file_number, member=self.member, now=timezone.now())
        except NotFound as error:
            raise Http404 from error
        except Conflict as refused:
            messages.warning(request, refused.message)
            return redirect("report-run", run_id)
