from django.apps import AppConfig


class CostsConfig(AppConfig):
    """The tenant's clusters and what they cost now."""

    name = "costinsights.costs"
    label = "costs"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "costs"
