"""This app's part of the API, relative to /api/v1/."""

from django.urls import path

from costinsights.costs.api import views

urlpatterns = [
    path("costs/current", views.CurrentCostsView.as_view(), name="api-costs-current"),
    path("clusters/", views.ClusterListView.as_view(), name="api-cluster-list"),
    # Before the slug: a cluster called “test” is reached all the same, with a slash at the end.
    path("clusters/test", views.ConnectionTestView.as_view(), name="api-connection-test"),
    path("clusters/<slug:slug>/", views.ClusterView.as_view(), name="api-cluster-detail"),
    path("clusters/<slug:slug>/test", views.ClusterTestView.as_view(), name="api-cluster-test"),
]
