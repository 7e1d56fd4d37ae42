"""Pages of this app, relative to the tenant's address."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
