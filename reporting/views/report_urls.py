"""Reports: definitions, runs, schedules, previews."""

from django.urls import URLPattern, path

from reporting.views import reports

_RUN = "reporting/runs/<int:run_id>/"

urlpatterns: list[URLPattern] = [
    path("reporting/reports/", reports.ReportListPage.as_view(), name="report-list"),
    path(
        "reporting/reports/<int:report_id>/run/",
        reports.ReportRunStart.as_view(),
        name="report-run-start",
    ),
    path(_RUN, reports.ReportRunPage.as_view(), name="report-run"),
    path(f"{_RUN}cancel/", reports.ReportRunCancel.as_view(), name="report-run-cancel"),
    path(
        f"{_RUN}files/<int:file_number>/",
        reports.ReportRunDownload.as_view(),
        name="report-run-file",
    ),
]
