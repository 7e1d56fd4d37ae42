"""The tools for running everything on one machine, as a Django app for its commands."""

from django.apps import AppConfig


class LocalConfig(AppConfig):
    name = "costinsights.local"
    label = "local"
