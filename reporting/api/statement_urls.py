"""Months, statements, sign-off, downloads."""

from django.urls import URLPattern, path

from reporting.api import periods, reviews, statements

_MONTH = "periods/<str:month>/"
_ONE = "statements/<int:statement_id>/"

urlpatterns: list[URLPattern] = [
    path("periods/", periods.PeriodListView.as_view(), name="api-period-list"),
    path(_MONTH, periods.PeriodView.as_view(), name="api-period"),
    path(f"{_MONTH}prepare", periods.PeriodPrepareView.as_view(), name="api-period-prepare"),
    path(f"{_MONTH}close", periods.PeriodCloseView.as_view(), name="api-period-close"),
    path(f"{_MONTH}cancel", periods.PeriodCancelView.as_view(), name="api-period-cancel"),
    path(f"{_MONTH}reopen", periods.PeriodReopenView.as_view(), name="api-period-reopen"),
    path(f"{_MONTH}late-data", periods.PeriodLateDataView.as_view(), name="api-period-late-data"),
    path(f"{_MONTH}verify", periods.PeriodVerifyView.as_view(), name="api-period-verify"),
    path(f"{_MONTH}closes/", periods.PeriodCloseListView.as_view(), name="api-period-closes"),
    path("statements/", statements.StatementListView.as_view(), name="api-statement-list"),
    path(_ONE, statements.StatementView.as_view(), name="api-statement"),
    path(f"{_ONE}document", statements.StatementDocumentView.as_view(), name="api-statement-doc"),
    path(f"{_ONE}lines/", statements.StatementLineListView.as_view(), name="api-statement-lines"),
    path(
        f"{_ONE}lines/<int:position>/explain",
        statements.StatementExplainView.as_view(),
        name="api-statement-explain",
    ),
    path(
        f"{_ONE}diff/<int:revision>",
        statements.StatementDiffView.as_view(),
        name="api-statement-diff",
    ),
    path(f"{_ONE}verify", statements.StatementVerifyView.as_view(), name="api-statement-verify"),
    path(f"{_ONE}accept", reviews.StatementAcceptView.as_view(), name="api-statement-accept"),
    path(f"{_ONE}approve", reviews.StatementApproveView.as_view(), name="api-statement-approve"),
    path(
        f"{_ONE}disputes/",
        reviews.StatementDisputeListView.as_view(),
        name="api-statement-disputes",
    ),
    path(
        f"{_ONE}disputes/<int:dispute_id>/resolve",
        reviews.DisputeResolveView.as_view(),
        name="api-dispute-resolve",
    ),
    path(f"{_ONE}events/", reviews.StatementEventListView.as_view(), name="api-statement-events"),
]
