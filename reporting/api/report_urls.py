"""Reports: definitions, runs, schedules, previews."""

from django.urls import URLPattern, path

from reporting.api import report_runs, report_schedules, reports

_SCHEDULE = "report-schedules/<int:schedule_id>/"
_RUN = "report-runs/<int:run_id>/"

urlpatterns: list[URLPattern] = [
    path("reports/", reports.ReportListView.as_view(), name="api-report-list"),
    path("reports/preview", reports.ReportPreviewView.as_view(), name="api-report-preview"),
    path("reports/<int:report_id>/", reports.ReportView.as_view(), name="api-report"),
    path(
        "reports/<int:report_id>/runs",
        report_runs.ReportRunListView.as_view(),
        name="api-report-runs",
    ),
    path(_RUN, report_runs.ReportRunView.as_view(), name="api-report-run"),
    path(f"{_RUN}cancel", report_runs.ReportRunCancelView.as_view(), name="api-report-run-cancel"),
    path(
        f"{_RUN}files/<int:file_number>",
        report_runs.ReportRunFileView.as_view(),
        name="api-report-run-file",
    ),
    path(
        "reports/<int:report_id>/schedules",
        report_schedules.ReportScheduleListView.as_view(),
        name="api-report-schedules",
    ),
    path(_SCHEDULE, report_schedules.ReportScheduleView.as_view(), name="api-report-schedule"),
    path(
        f"{_SCHEDULE}run",
        report_schedules.ReportScheduleRunView.as_view(),
        name="api-report-schedule-run",
    ),
]
