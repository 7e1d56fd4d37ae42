"""This app's part of the API, relative to /api/v1/."""

from django.urls import path

from costinsights.costs.api import (
    annotations,
    budgets,
    data_health,
    exchange_rates,
    forecast,
    history,
    layers,
    saved_views,
    views,
)

urlpatterns = [
    path("costs/current", views.CurrentCostsView.as_view(), name="api-costs-current"),
    path("costs/history", history.HistoryView.as_view(), name="api-costs-history"),
    path("costs/layers", layers.LayersView.as_view(), name="api-costs-layers"),
    path("costs/compare", history.CompareView.as_view(), name="api-costs-compare"),
    path("costs/forecast", forecast.ForecastView.as_view(), name="api-costs-forecast"),
    path("clusters/", views.ClusterListView.as_view(), name="api-cluster-list"),
    # Before the slug: a cluster called “test” is reached all the same, with a slash at the end.
    path("clusters/test", views.ConnectionTestView.as_view(), name="api-connection-test"),
    path("clusters/<slug:slug>/", views.ClusterView.as_view(), name="api-cluster-detail"),
    path("clusters/<slug:slug>/test", views.ClusterTestView.as_view(), name="api-cluster-test"),
    path(
        "clusters/<slug:slug>/windows", data_health.WindowListView.as_view(), name="api-window-list"
    ),
    path(
        "clusters/<slug:slug>/windows/read-again",
        data_health.ReadAgainView.as_view(),
        name="api-windows-read-again",
    ),
    path("clusters/<slug:slug>/backfill", data_health.BackfillView.as_view(), name="api-backfill"),
    path("label-keys/", data_health.LabelKeyListView.as_view(), name="api-label-key-list"),
    path(
        "label-keys/<int:label_key_id>/",
        data_health.LabelKeyView.as_view(),
        name="api-label-key-detail",
    ),
    path("exchange-rates/", exchange_rates.RateListView.as_view(), name="api-exchange-rate-list"),
    path(
        "exchange-rates/import",
        exchange_rates.RateImportView.as_view(),
        name="api-exchange-rate-import",
    ),
    path(
        "exchange-rates/<int:rate_id>/",
        exchange_rates.RateView.as_view(),
        name="api-exchange-rate-detail",
    ),
    path("saved-views/", saved_views.SavedViewListView.as_view(), name="api-saved-view-list"),
    path(
        "saved-views/<slug:view_slug>/",
        saved_views.SavedViewView.as_view(),
        name="api-saved-view-detail",
    ),
    path(
        "saved-views/<slug:view_slug>/restore",
        saved_views.SavedViewRestoreView.as_view(),
        name="api-saved-view-restore",
    ),
    path("annotations/", annotations.AnnotationListView.as_view(), name="api-annotation-list"),
    path(
        "annotations/<int:annotation_id>/",
        annotations.AnnotationView.as_view(),
        name="api-annotation-detail",
    ),
    path("budgets/", budgets.BudgetListView.as_view(), name="api-budget-list"),
    path("budgets/<int:budget_id>/", budgets.BudgetView.as_view(), name="api-budget-detail"),
    path(
        "budgets/<int:budget_id>/status",
        budgets.BudgetStatusView.as_view(),
        name="api-budget-status",
    ),
    path(
        "budgets/<int:budget_id>/events",
        budgets.BudgetEventListView.as_view(),
        name="api-budget-event-list",
    ),
]
