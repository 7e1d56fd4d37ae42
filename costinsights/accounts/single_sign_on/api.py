"""API: identity providers. Admins read; owners change them, and only in a signed-in browser.

An API token must not: whoever holds a provider can sign in as anybody, long after the token has ended.
"""

from typing import Any

from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.models import IdentityProvider, Role
from costinsights.accounts.permissions import IsSignedInBrowser, RoleAtLeast
from costinsights.accounts.single_sign_on import services
from costinsights.accounts.single_sign_on.probe import is_good, probe_issuer
from costinsights.accounts.single_sign_on.selectors import sign_in_choices
from costinsights.accounts.single_sign_on.serializers import (
    EXAMPLE,
    IdentityProviderInputSerializer,
    IdentityProviderSerializer,
    IdentityProviderTestSerializer,
    PasswordSignInSerializer,
)
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.api.throttling import ProbeThrottle

_TAGS = ["Single sign-on"]
_BROWSER = "Needs the role Owner and a signed-in browser; an API token cannot do this."
_WRITE_PROBLEMS = (400, 401, 403, 406, 409, 415, 429)
IsAdmin = RoleAtLeast.of(Role.ADMIN)
IsOwner = RoleAtLeast.of(Role.OWNER)


def _permissions(request: Request) -> list[BasePermission]:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return [IsAdmin()]
    return [IsOwner(), IsSignedInBrowser()]


class IdentityProviderListView(ListAPIView[IdentityProvider]):
    """The workspace's identity providers."""

    queryset = IdentityProvider.objects.order_by("pk")
    serializer_class = IdentityProviderSerializer
    pagination_class = ListCursor

    def get_permissions(self) -> list[BasePermission]:
        return _permissions(self.request)

    @extend_schema(
        operation_id="identity_providers_list",
        summary="List identity providers",
        tags=_TAGS,
        responses={
            200: IdentityProviderSerializer(many=True),
            **problem_responses(401, 403, 404, 406, 429),
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="identity_providers_add",
        summary="Add an identity provider",
        description=_BROWSER,
        tags=_TAGS,
        request=IdentityProviderInputSerializer,
        responses={201: IdentityProviderSerializer, **problem_responses(*_WRITE_PROBLEMS)},
    )
    def post(self, request: Request) -> Response:
        given = IdentityProviderInputSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        provider = services.add_provider(given.draft().checked())
        return Response(IdentityProviderSerializer(provider).data, status=status.HTTP_201_CREATED)


class IdentityProviderView(GenericAPIView[IdentityProvider]):
    """One identity provider."""

    queryset = IdentityProvider.objects.all()
    serializer_class = IdentityProviderSerializer

    def get_permissions(self) -> list[BasePermission]:
        return _permissions(self.request)

    @extend_schema(
        operation_id="identity_providers_get",
        summary="Show an identity provider",
        tags=_TAGS,
        examples=[EXAMPLE],
        responses={
            200: IdentityProviderSerializer,
            **problem_responses(401, 403, 404, 406, 429),
        },
    )
    def get(self, request: Request, provider_id: int) -> Response:
        return Response(IdentityProviderSerializer(services.access_provider(provider_id)).data)

    @extend_schema(
        operation_id="identity_providers_change",
        summary="Change an identity provider",
        description=f"What is left out stays. {_BROWSER}",
        tags=_TAGS,
        request=IdentityProviderInputSerializer(partial=True),
        responses={200: IdentityProviderSerializer, **problem_responses(404, *_WRITE_PROBLEMS)},
    )
    def patch(self, request: Request, provider_id: int) -> Response:
        provider = services.access_provider(provider_id)
        given = IdentityProviderInputSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        draft = given.draft(stored=provider).checked(stored=provider)
        return Response(IdentityProviderSerializer(services.change_provider(provider, draft)).data)

    @extend_schema(
        operation_id="identity_providers_remove",
        summary="Remove a disabled identity provider",
        description=f"Members stay; their links to it are forgotten. {_BROWSER}",
        tags=_TAGS,
        request=None,
        responses={204: None, **problem_responses(401, 403, 404, 406, 409, 429)},
    )
    def delete(self, request: Request, provider_id: int) -> Response:
        services.remove_provider(services.access_provider(provider_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class IdentityProviderTestView(GenericAPIView[IdentityProvider]):
    """Asks an identity provider what it says about itself."""

    queryset = IdentityProvider.objects.all()
    serializer_class = IdentityProviderTestSerializer
    permission_classes = (IsAdmin,)
    throttle_classes = (*GenericAPIView.throttle_classes, ProbeThrottle)

    @extend_schema(
        operation_id="identity_providers_test",
        summary="Test an identity provider",
        description="Reads its discovery document and its keys. Nobody is signed in, nothing is changed.",
        tags=_TAGS,
        request=None,
        responses={
            200: IdentityProviderTestSerializer,
            **problem_responses(401, 403, 404, 406, 429),
        },
    )
    def post(self, request: Request, provider_id: int) -> Response:
        provider = services.access_provider(provider_id)
        steps = probe_issuer(provider.issuer, has_secret=bool(provider.sealed_client_secret))
        answer = {"ok": is_good(steps), "steps": steps}
        return Response(IdentityProviderTestSerializer(answer).data)


class PasswordSignInView(APIView):
    """Who may sign in with a password."""

    serializer_class = PasswordSignInSerializer

    def get_permissions(self) -> list[BasePermission]:
        return _permissions(self.request)

    @extend_schema(
        operation_id="password_sign_in_get",
        summary="Show who may use a password",
        tags=_TAGS,
        responses={200: PasswordSignInSerializer, **problem_responses(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request) -> Response:
        return self._answer()

    @extend_schema(
        operation_id="password_sign_in_set",
        summary="Say who may use a password",
        description="Taking passwords from everybody below owner ends their sessions, and needs an enabled "
        f"identity provider. {_BROWSER}",
        tags=_TAGS,
        request=PasswordSignInSerializer,
        responses={200: PasswordSignInSerializer, **problem_responses(*_WRITE_PROBLEMS)},
    )
    def put(self, request: Request) -> Response:
        given = PasswordSignInSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        services.set_password_sign_in(allowed=given.validated_data["allowed_for_everybody"])
        return self._answer()

    def _answer(self) -> Response:
        allowed = not sign_in_choices().password_for_owners_only
        return Response(PasswordSignInSerializer({"allowed_for_everybody": allowed}).data)
