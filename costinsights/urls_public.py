"""The platform's own address: find a workspace, staff administration."""

from django.contrib import admin
from django.urls import path

from costinsights.views import landing

urlpatterns = [
    path("", landing, name="landing"),
    path("admin/", admin.site.urls),
]

handler400 = "costinsights.error_views.bad_request"
handler403 = "costinsights.error_views.permission_denied"
handler404 = "costinsights.error_views.not_found"
handler500 = "costinsights.error_views.server_error"
