from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The people of one tenant: they and everything they own live in the tenant's schema."""

    name = "costinsights.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "members"

    def ready(self) -> None:
        # drf-spectacular finds its extensions by their being imported.
        from costinsights.accounts import (
            audit_signals,  # noqa: F401  its receivers connect on import
            openapi,  # noqa: F401  registers on import
        )
