"""Pages of this app, relative to the tenant's address."""

from django.urls import path

from costinsights.costs.views import (
    annotations,
    budgets,
    clusters,
    connect,
    data_health,
    exchange_rates,
    forecast,
    history,
    layers,
    overview,
    saved_views,
)

urlpatterns = [
    path("", overview.OverviewPage.as_view(), name="overview"),
    path("costs.csv", overview.CostsCSV.as_view(), name="costs-csv"),
    path("history/", history.HistoryPage.as_view(), name="history"),
    path("history/forecast/", forecast.ForecastCard.as_view(), name="forecast-card"),
    path("history/views/", saved_views.ViewListPage.as_view(), name="saved-view-list"),
    path("history/views/save/", saved_views.ViewSavePage.as_view(), name="saved-view-save"),
    path(
        "history/views/<slug:view_slug>/",
        saved_views.ViewOpen.as_view(),
        name="saved-view-open",
    ),
    path(
        "history/views/<slug:view_slug>/edit/",
        saved_views.ViewEditPage.as_view(),
        name="saved-view-edit",
    ),
    path(
        "history/views/<slug:view_slug>/update/",
        saved_views.ViewUpdate.as_view(),
        name="saved-view-update",
    ),
    path(
        "history/views/<slug:view_slug>/mark/",
        saved_views.ViewMark.as_view(),
        name="saved-view-mark",
    ),
    path(
        "history/views/<slug:view_slug>/delete/",
        saved_views.ViewDelete.as_view(),
        name="saved-view-delete",
    ),
    path(
        "history/views/<slug:view_slug>/restore/",
        saved_views.ViewRestore.as_view(),
        name="saved-view-restore",
    ),
    path("history/notes/", annotations.NoteWritePage.as_view(), name="note-write"),
    path(
        "history/notes/<int:annotation_id>/",
        annotations.NoteEditPage.as_view(),
        name="note-edit",
    ),
    path(
        "history/notes/<int:annotation_id>/remove/",
        annotations.NoteRemove.as_view(),
        name="note-remove",
    ),
    path("history/layers/", layers.LayerPage.as_view(), name="history-layers"),
    path("history/data/", data_health.DataHealthPage.as_view(), name="data-health"),
    path(
        "history/data/<slug:slug>/backfill/",
        data_health.BackfillStart.as_view(),
        name="backfill-start",
    ),
    path(
        "history/data/<slug:slug>/backfill/cancel/",
        data_health.BackfillCancel.as_view(),
        name="backfill-cancel",
    ),
    path(
        "history/data/<slug:slug>/read-again/",
        data_health.ReadAgain.as_view(),
        name="windows-read-again",
    ),
    path(
        "history/data/label-keys/<int:label_key_id>/",
        data_health.LabelKeyChoice.as_view(),
        name="label-key-choice",
    ),
    path("clusters/", clusters.ClusterListPage.as_view(), name="cluster-list"),
    path("clusters/connect/", connect.ConnectPage.as_view(), name="cluster-connect"),
    path("clusters/connect/confirm/", connect.ConfirmPage.as_view(), name="cluster-confirm"),
    path("clusters/<slug:slug>/", clusters.ClusterEditPage.as_view(), name="cluster-edit"),
    path("clusters/<slug:slug>/test/", clusters.ClusterTestPage.as_view(), name="cluster-test"),
    path(
        "clusters/<slug:slug>/remove/", clusters.ClusterRemovePage.as_view(), name="cluster-remove"
    ),
    path(
        "settings/exchange-rates/",
        exchange_rates.RateListPage.as_view(),
        name="exchange-rate-list",
    ),
    path(
        "settings/exchange-rates/import/",
        exchange_rates.RateImportPage.as_view(),
        name="exchange-rate-import",
    ),
    path(
        "settings/exchange-rates/rates.csv",
        exchange_rates.RateExport.as_view(),
        name="exchange-rate-export",
    ),
    path(
        "settings/exchange-rates/<int:rate_id>/",
        exchange_rates.RateEditPage.as_view(),
        name="exchange-rate-edit",
    ),
    path(
        "settings/exchange-rates/<int:rate_id>/remove/",
        exchange_rates.RateRemove.as_view(),
        name="exchange-rate-remove",
    ),
    path("budgets/", budgets.BudgetListPage.as_view(), name="budget-list"),
    path("budgets/new/", budgets.BudgetMakePage.as_view(), name="budget-make"),
    path("budgets/preview/", budgets.BudgetPreview.as_view(), name="budget-preview"),
    path("budgets/<int:budget_id>/", budgets.BudgetDetailPage.as_view(), name="budget-detail"),
    path("budgets/<int:budget_id>/edit/", budgets.BudgetEditPage.as_view(), name="budget-edit"),
    path(
        "budgets/<int:budget_id>/delete/", budgets.BudgetDeletePage.as_view(), name="budget-delete"
    ),
]
