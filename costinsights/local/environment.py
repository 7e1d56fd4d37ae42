"""The environment the product's programs get on one machine."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .state import State, new_encryption_key, new_secret_key

BASE_DOMAIN = "localhost"  # browsers resolve every name below it to this machine


def product_environment(
    state: State, *, database_url: str, redis_url: str, port: int | None
) -> dict[str, str]:
    """This process' environment with the settings of a demo: our secrets, servers and addresses.

    `port` is the one people type in addresses; None leaves it out.
    """
    ours: Mapping[str, str] = {
        "DJANGO_SETTINGS_MODULE": "costinsights.settings",
        "SECRET_KEY": state.secret("secret_key", new_secret_key),
        "FIELD_ENCRYPTION_KEYS": state.secret("field_encryption_key", new_encryption_key),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "BASE_DOMAIN": BASE_DOMAIN,
        "PUBLIC_PORT": str(port or 0),
        "DEMO_MODE": "1",
        "LOCAL_TOOLS": "1",
        "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
        "PYTHONUNBUFFERED": "1",
    }
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_ADMIN_URL"}
    mail = {"EMAIL_URL": f"filemail:///{state.directory.resolve()}/mail"}
    return {**mail, **kept, **ours}
