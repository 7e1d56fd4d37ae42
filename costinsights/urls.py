"""A tenant's address: pages, API, health."""

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView

# Redoc writes its styles as it runs and works in a blob worker; only its own page may.
_redoc = csp_update({"style-src": [UNSAFE_INLINE], "worker-src": ["blob:"]})(
    SpectacularRedocView.as_view(url_name="api-schema")
)

urlpatterns = [
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", _redoc, name="api-docs"),
    path("api/v1/", include("costinsights.accounts.api_urls")),
    path("api/v1/", include("costinsights.costs.api.urls")),
    path("api/v1/", include("reporting.api.urls")),
    path("api/v1/", include("costinsights.workspace.api_urls")),
    path("settings/", RedirectView.as_view(pattern_name="profile"), name="settings"),
    path("", include("costinsights.accounts.urls")),
    path("", include("costinsights.costs.urls")),
    path("", include("reporting.urls")),
    path("", include("costinsights.workspace.urls")),
]

handler400 = "costinsights.error_views.bad_request"
handler403 = "costinsights.error_views.permission_denied"
handler404 = "costinsights.error_views.not_found"
handler500 = "costinsights.error_views.server_error"
