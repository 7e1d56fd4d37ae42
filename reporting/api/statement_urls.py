"""Months, statements, sign-off, downloads."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
