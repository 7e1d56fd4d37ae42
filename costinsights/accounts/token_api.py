"""API: tokens. Each member has their own; admins see and end everybody's."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts import token_services
from costinsights.accounts.models import ApiToken, Role
from costinsights.accounts.permissions import IsMember, IsSignedInBrowser, member_of
from costinsights.accounts.token_serializers import (
    CreatedTokenSerializer,
    NewTokenSerializer,
    RotationSerializer,
    TokenSerializer,
)
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import InvalidInput, NotAllowed

_KEY_ID = OpenApiParameter("key_id", str, OpenApiParameter.PATH)
_OF = OpenApiParameter(
    "of",
    str,
    enum=["me", "everybody"],
    default="me",
    description="Whose tokens: `everybody` needs the role Admin.",
)


class TokensCursor(ListCursor):
    ordering = ("-created_at", "-pk")


def _created(new: token_services.NewToken) -> Response:
    answer = CreatedTokenSerializer(new.token, context={"text": new.text})
    return Response(
        answer.data, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"}
    )


class TokenListView(ListAPIView[ApiToken]):
    """API tokens: the caller's own or, for admins, everybody's."""

    queryset = ApiToken.objects.none()
    serializer_class = TokenSerializer
    pagination_class = TokensCursor

    def get_permissions(self) -> list[BasePermission]:
        """A token must not make tokens: one that leaked could otherwise outlive its own end."""
        return [IsSignedInBrowser() if self.request.method == "POST" else IsMember()]

    def get_queryset(self) -> QuerySet[ApiToken]:
        member = member_of(self.request)
        whose = self.request.query_params.get("of", "me")
        tokens = ApiToken.objects.select_related("created_by", "replaces", "replaced_by")
        if whose == "me":
            return tokens.of(member)
        if whose != "everybody":
            raise InvalidInput("Choose me or everybody.", field="of", value=whose)
        if not member.has_role(Role.ADMIN):
            raise NotAllowed("Other members' tokens are shown to admins and owners.")
        return tokens.visible_to(member)

    @extend_schema(
        operation_id="tokens_list",
        summary="List API tokens",
        tags=["Account"],
        parameters=[_OF],
        responses={200: TokenSerializer(many=True), **problem_responses(400)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="tokens_create",
        summary="Make an API token",
        description="Needs a signed-in browser; a token cannot make tokens. The answer holds the "
        "token's text, which is never shown again. At most two live tokens have the same name.",
        tags=["Account"],
        request=NewTokenSerializer,
        responses={201: CreatedTokenSerializer, **problem_responses(400, 409, 415)},
    )
    def post(self, request: Request) -> Response:
        wanted = NewTokenSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        new = token_services.create_token(
            user=member_of(request),
            name=wanted.validated_data["name"],
            scopes=wanted.validated_data["scopes"],
            role_ceiling=wanted.validated_data["role_ceiling"],
            networks=wanted.validated_data["allowed_networks"],
            lifetime=wanted.lifetime,
            at=timezone.now(),
        )
        return _created(new)


class TokenView(APIView):
    """One API token."""

    permission_classes = (IsMember,)
    serializer_class = TokenSerializer

    @extend_schema(
        operation_id="tokens_revoke",
        summary="Revoke an API token",
        description="One's own; admins any member's. Takes effect with the next request. Revoking again "
        "changes nothing.",
        tags=["Account"],
        parameters=[_KEY_ID],
        request=None,
        responses={204: None, **problem_responses(404)},
    )
    def delete(self, request: Request, key_id: str) -> Response:
        token_services.revoke_token(by=member_of(request), key_id=key_id, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokenRotateView(APIView):
    """Hands a token's name and rights to a new one."""

    permission_classes = (IsSignedInBrowser,)
    serializer_class = CreatedTokenSerializer

    @extend_schema(
        operation_id="tokens_rotate",
        summary="Rotate one of my API tokens",
        description="Makes a token with the same name and rights. The old one works on for `overlap_days`, "
        "or until it is revoked. Needs a signed-in browser.",
        tags=["Account"],
        parameters=[_KEY_ID],
        request=RotationSerializer,
        responses={201: CreatedTokenSerializer, **problem_responses(400, 404, 409, 415)},
    )
    def post(self, request: Request, key_id: str) -> Response:
        wanted = RotationSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        new = token_services.rotate_token(
            user=member_of(request),
            key_id=key_id,
            overlap=wanted.overlap,
            lifetime=wanted.lifetime,
            at=timezone.now(),
        )
        return _created(new)
