"""Single sign-on's part of the API, relative to /api/v1/."""

from django.urls import path

from costinsights.accounts.single_sign_on import api

urlpatterns = [
    path(
        "identity-providers/",
        api.IdentityProviderListView.as_view(),
        name="api-identity-provider-list",
    ),
    path(
        "identity-providers/<int:provider_id>/",
        api.IdentityProviderView.as_view(),
        name="api-identity-provider-detail",
    ),
    path(
        "identity-providers/<int:provider_id>/test",
        api.IdentityProviderTestView.as_view(),
        name="api-identity-provider-test",
    ),
    path(
        "password-sign-in",
        api.PasswordSignInView.as_view(),
        name="api-password-sign-in",
    ),
]
