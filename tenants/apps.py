from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Tenants"

    def ready(self) -> None:
        from tenants import checks, hooks, signals  # noqa: F401  # checks registers the system checks

        signals.connect()
        hooks.connect()
