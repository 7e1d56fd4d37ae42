"""This app's part of the API, relative to /api/v1/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
