"""Reading the environment: one place, typed, with errors that say what to set."""

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()


def required(name: str, hint: str) -> str:
    """A variable the product does not start without."""
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return str(value)
