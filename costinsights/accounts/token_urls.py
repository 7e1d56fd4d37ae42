"""API tokens: pages relative to the tenant's address, and their part of the API."""

from django.urls import path

from costinsights.accounts import token_api
from costinsights.accounts.views import tokens

urlpatterns = [
    path("settings/tokens/", tokens.TokenListPage.as_view(), name="token-list"),
    path(
        "settings/tokens/everybody/",
        tokens.EverybodysTokensPage.as_view(),
        name="token-list-everybody",
    ),
    path(
        "settings/tokens/<slug:key_id>/rotate/",
        tokens.RotateTokenPage.as_view(),
        name="token-rotate",
    ),
    path(
        "settings/tokens/<slug:key_id>/revoke/", tokens.RevokeToken.as_view(), name="token-revoke"
    ),
]
api_urlpatterns = [
    path("tokens/", token_api.TokenListView.as_view(), name="api-token-list"),
    path("tokens/<slug:key_id>/", token_api.TokenView.as_view(), name="api-token-detail"),
    path(
        "tokens/<slug:key_id>/rotate/", token_api.TokenRotateView.as_view(), name="api-token-rotate"
    ),
]
