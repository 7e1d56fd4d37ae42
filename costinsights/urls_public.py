"""The platform's own address: find a workspace."""

from django.urls import path, re_path

from costinsights.views import landing, staff_moved

urlpatterns = [
    path("", landing, name="landing"),
    re_path(r"^admin/.*$", staff_moved, name="staff-moved"),
]

handler400 = "costinsights.error_views.bad_request"
handler403 = "costinsights.error_views.permission_denied"
handler404 = "costinsights.error_views.not_found"
handler500 = "costinsights.error_views.server_error"
