"""Reports: definitions, runs, schedules, previews."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
