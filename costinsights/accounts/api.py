"""API: who am I, and my tokens."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts import services
from costinsights.accounts.models import ApiToken
from costinsights.accounts.permissions import IsMember, IsSignedInBrowser, member_of
from costinsights.accounts.serializers import (
    CreatedTokenSerializer,
    MeSerializer,
    NewTokenSerializer,
    TokenSerializer,
)
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
            "workspace": current_tenant(),
            "token": token,
        }
        return Response(MeSerializer(shown).data)


class TokenListView(APIView):
    """The caller's own API tokens."""

    serializer_class = TokenSerializer

    def get_permissions(self) -> list[BasePermission]:
        """A token must not make tokens: one that leaked could otherwise outlive its own end."""
        return [IsSignedInBrowser() if self.request.method == "POST" else IsMember()]

    @extend_schema(
        operation_id="tokens_list",
        summary="List my API tokens",
        tags=["Account"],
        responses=TokenSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        tokens = ApiToken.objects.of(member_of(request))
        return Response(TokenSerializer(tokens, many=True).data)

    @extend_schema(
        operation_id="tokens_create",
        summary="Make an API token",
        description="Needs a signed-in browser; a token cannot make tokens. The answer holds the "
        "token's text, which is never shown again.",
        tags=["Account"],
        request=NewTokenSerializer,
        responses={201: CreatedTokenSerializer},
    )
    def post(self, request: Request) -> Response:
        wanted = NewTokenSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        new = services.create_token(
            user=member_of(request),
            name=wanted.validated_data["name"],
            scopes=wanted.validated_data["scopes"],
            lifetime=wanted.lifetime,
            at=timezone.now(),
        )
        answer = CreatedTokenSerializer(new.token, context={"text": new.text})
        return Response(
            answer.data, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"}
        )


class TokenView(APIView):
    """One of the caller's API tokens."""

    permission_classes = (IsMember,)
    serializer_class = TokenSerializer

    @extend_schema(
        operation_id="tokens_revoke",
        summary="Revoke one of my API tokens",
        description="Takes effect with the next request. Revoking again changes nothing.",
        tags=["Account"],
        parameters=[OpenApiParameter("key_id", str, OpenApiParameter.PATH)],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, key_id: str) -> Response:
        services.revoke_token(user=member_of(request), key_id=key_id, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
