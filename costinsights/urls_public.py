"""The platform's own address: find a workspace, staff administration, health."""

from django.contrib import admin
from django.urls import path

from costinsights.views import healthz, landing, readyz

urlpatterns = [
    path("", landing, name="landing"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("admin/", admin.site.urls),
]
