"""Pages of single sign-on, relative to the tenant's address."""

from django.urls import path

from costinsights.accounts.single_sign_on import settings_views, views

urlpatterns = [
    path("sign-in/sso/<slug:provider_slug>/", views.SsoStart.as_view(), name="sso-start"),
    path(
        "sign-in/sso/<slug:provider_slug>/callback/",
        views.SsoCallback.as_view(),
        name="sso-callback",
    ),
    path("settings/sso/", settings_views.ProviderListPage.as_view(), name="sso-settings"),
    path("settings/sso/add/", settings_views.ProviderAddPage.as_view(), name="sso-add"),
    path(
        "settings/sso/passwords/",
        settings_views.PasswordSignInPage.as_view(),
        name="sso-passwords",
    ),
    path(
        "settings/sso/<int:provider_id>/",
        settings_views.ProviderEditPage.as_view(),
        name="sso-edit",
    ),
    path(
        "settings/sso/<int:provider_id>/test/",
        settings_views.ProviderTestPage.as_view(),
        name="sso-test",
    ),
    path(
        "settings/sso/<int:provider_id>/remove/",
        settings_views.ProviderRemove.as_view(),
        name="sso-remove",
    ),
]
