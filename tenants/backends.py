"""Staff sign-in: on the platform's own host and nowhere else."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from costinsights.core.tenancy import on_public_schema


class StaffBackend(ModelBackend):
    """Django's own backend, asleep inside tenants: staff rows are not readable there anyway."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        return super().authenticate(request, **credentials) if on_public_schema() else None

    def get_user(self, user_id: int) -> Any:
        return super().get_user(user_id) if on_public_schema() else None
