"""Cost centres, mapping rules, share rules, rates."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
