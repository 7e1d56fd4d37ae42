"""Months, statements, sign-off, downloads."""

from django.urls import URLPattern, path

from reporting.views import periods, statements

_MONTH = "reporting/months/<str:month>/"
_ONE = "reporting/statements/<int:statement_id>/"

urlpatterns: list[URLPattern] = [
    path("reporting/", periods.PeriodListPage.as_view(), name="period-list"),
    path(_MONTH, periods.PeriodPage.as_view(), name="period-detail"),
    path(f"{_MONTH}prepare/", periods.PeriodPrepare.as_view(), name="period-prepare"),
    path(f"{_MONTH}close/", periods.PeriodClosing.as_view(), name="period-close"),
    path(f"{_MONTH}cancel/", periods.PeriodCancel.as_view(), name="period-cancel"),
    path(f"{_MONTH}reopen/", periods.PeriodReopen.as_view(), name="period-reopen"),
    path(f"{_MONTH}carry/", periods.PeriodCarryForward.as_view(), name="period-carry"),
    path(f"{_MONTH}verify/", periods.PeriodVerify.as_view(), name="period-verify"),
    path(f"{_MONTH}files/<str:format>/", periods.PeriodDownload.as_view(), name="period-file"),
    path(_ONE, statements.StatementPage.as_view(), name="statement-detail"),
    path(
        f"{_ONE}lines/<int:position>/", statements.StatementWhyPage.as_view(), name="statement-why"
    ),
    path(
        f"{_ONE}diff/<int:revision>/", statements.StatementDiffPage.as_view(), name="statement-diff"
    ),
    path(
        f"{_ONE}files/<str:format>/", statements.StatementDownload.as_view(), name="statement-file"
    ),
    path(f"{_ONE}accept/", statements.StatementAccept.as_view(), name="statement-accept"),
    path(f"{_ONE}approve/", statements.StatementApprove.as_view(), name="statement-approve"),
    path(f"{_ONE}dispute/", statements.StatementDispute.as_view(), name="statement-dispute"),
    path(
        f"{_ONE}disputes/<int:dispute_id>/resolve/",
        statements.DisputeResolve.as_view(),
        name="dispute-resolve",
    ),
    path(f"{_ONE}verify/", statements.StatementVerify.as_view(), name="statement-verify"),
]
