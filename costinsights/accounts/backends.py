"""Signing in to a tenant by e-mail and password."""

from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from costinsights.accounts.models import User
from costinsights.accounts.single_sign_on.selectors import may_use_password
from costinsights.core.tenancy import on_public_schema


class TenantBackend:
    """Knows the members of the tenant the connection speaks for, and nobody on the public schema."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        email: str | None = None,
        **credentials: Any,
    ) -> User | None:
        """The member with this address and password, if active.

        On a tenant's host a refusal is final: no other backend is asked, because the others look for
        staff. An unknown address costs one password hash, as a wrong password does.
        """
        if on_public_schema():
            return None
        address = email or username
        if not address or password is None:
            raise PermissionDenied
        try:
            user = User.objects.get_by_natural_key(address)
        except User.DoesNotExist:
            make_password(password)
            raise PermissionDenied from None
        if user.check_password(password) and user.is_active and may_use_password(user):
            return user
        raise PermissionDenied

    def get_user(self, user_id: Any) -> User | None:
        """The member of a session; None once deactivated, so that their next request is anonymous."""
        if on_public_schema():
            return None
        return User.objects.filter(pk=user_id, is_active=True).first()
