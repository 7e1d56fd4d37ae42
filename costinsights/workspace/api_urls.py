"""This app's part of the API, relative to /api/v1/."""

from django.urls import path

from costinsights.workspace.support import api as support

urlpatterns = [
    path("support-grants/", support.SupportGrantListView.as_view(), name="api-support-grant-list"),
    path(
        "support-grants/<int:grant_id>/<slug:decision>/",
        support.SupportDecisionView.as_view(),
        name="api-support-grant-decide",
    ),
]
