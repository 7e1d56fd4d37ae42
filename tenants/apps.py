from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Platform"
    default = True

    def ready(self) -> None:
        from tenants import checks, hooks, jobs, signals  # noqa: F401  # registers system checks and a receiver

        signals.connect()
        hooks.connect()


class StaffAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site in place of its own."""

    default = False
    default_site = "tenants.staff.site.StaffSite"
