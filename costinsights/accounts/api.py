"""API: who am I."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.models import ApiToken
from costinsights.accounts.permissions import IsMember, member_of
from costinsights.accounts.serializers import MeSerializer
from costinsights.core.tenancy import current_tenant


class MeView(APIView):
    """The member, workspace and token behind a request."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="me", summary="Who am I", tags=["Account"], responses=MeSerializer)
    def get(self, request: Request) -> Response:
        member = member_of(request)
        token = request.auth if isinstance(request.auth, ApiToken) else None
        shown: dict[str, Any] = {
            "email": member.email,
            "name": member.name,
            "role": member.role,
            "effective_role": member.effective_role,
            "scope_namespaces": member.scope_namespaces,
            "scope_labels": member.scope_labels,
            "workspace": current_tenant(),
            "token": token,
        }
        return Response(MeSerializer(shown).data)
