"""What the endpoints of cost centres, rules and rates share."""

from typing import Any

from django.db.models import Model
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import RoleAtLeast, member_of
from reporting.centers.checks import check_configures
from tenants.features import Feature
from tenants.gates import HasFeature

READ = (401, 403, 404, 406, 429)
WRITE = (400, 401, 403, 404, 406, 409, 415, 429)
DELETE = (401, 403, 404, 406, 409, 429)


class Configuration(GenericAPIView[Model]):
    """For analysts and above who see all costs: rules tell of all of them."""

    feature = Feature.REPORTING
    permission_classes: Any = (RoleAtLeast.of(Role.ANALYST), HasFeature)
    serializer_class: Any = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_configures(member_of(request))

    def given(self, kind: Any, **options: Any) -> dict[str, Any]:
        """The checked body. Raises ValidationError."""
        body = kind(data=self.request.data, **options)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)


class AdminsConfigure(Configuration):
    """Rates and settings decide what everything costs: analysts read them, admins change them."""

    def get_permissions(self) -> list[Any]:
        least = Role.ANALYST if self.request.method in ("GET", "HEAD", "OPTIONS") else Role.ADMIN
        return [RoleAtLeast.of(least)(), HasFeature()]
