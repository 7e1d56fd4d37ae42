"""The staff host: signing in with a second factor, then administration."""

from django.contrib import admin
from django.urls import path

from tenants.staff import views

urlpatterns = [
    path("login/code/", views.EnterCode.as_view(), name="staff-code"),
    path("login/enrol/", views.Enrol.as_view(), name="staff-enrol"),
    path("", admin.site.urls),
]

handler400 = "costinsights.error_views.bad_request"
handler403 = "costinsights.error_views.permission_denied"
handler404 = "costinsights.error_views.not_found"
handler500 = "costinsights.error_views.server_error"
