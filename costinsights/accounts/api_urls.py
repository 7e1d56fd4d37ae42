"""This app's part of the API, relative to /api/v1/."""

from django.urls import include, path

from costinsights.accounts import token_urls
from costinsights.accounts.api import MeView
from costinsights.accounts.audit.api import AuditListView, AuditStateView

urlpatterns = [
    path("audit/", AuditListView.as_view(), name="api-audit-list"),
    path("audit/state", AuditStateView.as_view(), name="api-audit-state"),
    path("", include("costinsights.accounts.single_sign_on.api_urls")),
    path("", include("costinsights.accounts.member_api_urls")),
    path("me", MeView.as_view(), name="api-me"),
    *token_urls.api_urlpatterns,
]
