"""This app's part of the API, relative to /api/v1/."""

from django.urls import path

from costinsights.costs.api import exchange_rates, history, views

urlpatterns = [
    path("costs/current", views.CurrentCostsView.as_view(), name="api-costs-current"),
    path("costs/history", history.HistoryView.as_view(), name="api-costs-history"),
    path("costs/compare", history.CompareView.as_view(), name="api-costs-compare"),
    path("clusters/", views.ClusterListView.as_view(), name="api-cluster-list"),
    # Before the slug: a cluster called “test” is reached all the same, with a slash at the end.
    path("clusters/test", views.ConnectionTestView.as_view(), name="api-connection-test"),
    path("clusters/<slug:slug>/", views.ClusterView.as_view(), name="api-cluster-detail"),
    path("clusters/<slug:slug>/test", views.ClusterTestView.as_view(), name="api-cluster-test"),
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
]
