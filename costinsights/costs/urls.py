"""Pages of this app, relative to the tenant's address."""

from django.urls import path

from costinsights.costs.views import clusters, connect, overview

urlpatterns = [
    path("", overview.OverviewPage.as_view(), name="overview"),
    path("costs.csv", overview.CostsCSV.as_view(), name="costs-csv"),
    path("clusters/", clusters.ClusterListPage.as_view(), name="cluster-list"),
    path("clusters/connect/", connect.ConnectPage.as_view(), name="cluster-connect"),
    path("clusters/connect/confirm/", connect.ConfirmPage.as_view(), name="cluster-confirm"),
    path("clusters/<slug:slug>/", clusters.ClusterEditPage.as_view(), name="cluster-edit"),
    path("clusters/<slug:slug>/test/", clusters.ClusterTestPage.as_view(), name="cluster-test"),
    path(
        "clusters/<slug:slug>/remove/", clusters.ClusterRemovePage.as_view(), name="cluster-remove"
    ),
]
