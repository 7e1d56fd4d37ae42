"""Staff sign-in: on the platform's own host and nowhere else."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from costinsights.core.tenancy import on_public_schema


class StaffBackend(ModelBackend):
    """Django's own backend, asleep inside tenants: staff rows are not readable there anyway."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> Any:
        if not on_public_schema():
            return None
        return super().authenticate(request, username, password, **credentials)

    def get_user(self, user_id: int) -> Any:
        return super().get_user(user_id) if on_public_schema() else None
