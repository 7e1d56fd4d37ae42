"""What the pages of cost centres and rules share."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import RoleRequiredMixin
from reporting.visibility import sees_all
from tenants.features import Feature
from tenants.gates import FeatureRequiredMixin


class _SeesAll(FeatureRequiredMixin):
    """Members with limits are refused: rules and centres tell of all costs."""

    member: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not sees_all(self.member):
            raise PermissionDenied("Cost centres and rules are over costs that your limits hide.")
        return super().dispatch(request, *args, **kwargs)


class ConfigurationPage(RoleRequiredMixin, _SeesAll):
    """For analysts and more who see all costs."""

    feature = Feature.REPORTING
    required_role = Role.ANALYST
