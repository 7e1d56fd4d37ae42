"""This app's part of the API, relative to /api/v1/."""

from django.urls import path

from costinsights.accounts.api import MeView, TokenListView, TokenView

urlpatterns = [
    path("me", MeView.as_view(), name="api-me"),
    path("tokens/", TokenListView.as_view(), name="api-token-list"),
    path("tokens/<slug:key_id>/", TokenView.as_view(), name="api-token-detail"),
]
