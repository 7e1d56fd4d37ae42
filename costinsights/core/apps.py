from django.apps import AppConfig


class CoreConfig(AppConfig):
    """No models: the app carries template tags."""

    name = "costinsights.core"
    label = "core"
