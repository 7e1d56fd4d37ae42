"""API: members, invitations, and who must have a second factor."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts import invitations, members, second_factor, tasks
from costinsights.accounts.member_serializers import (
    MEMBER_EXAMPLE,
    InvitationSerializer,
    MemberChangeSerializer,
    MemberSerializer,
    NewInvitationSerializer,
    SecondFactorPolicySerializer,
)
from costinsights.accounts.models import Invitation, Role, SecondFactorPolicy, User
from costinsights.accounts.permissions import RoleAtLeast, member_of
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses

IsAdmin = RoleAtLeast.of(Role.ADMIN)
IsOwner = RoleAtLeast.of(Role.OWNER)
_READ = (401, 403, 404, 406, 429)
_WRITE = (400, 401, 403, 404, 409, 415, 429)


class MemberListView(ListAPIView[User]):
    """Everybody in the workspace."""

    serializer_class = MemberSerializer
    pagination_class = ListCursor
    permission_classes = (IsAdmin,)
    queryset = User.objects.none()

    def get_queryset(self) -> Any:
        return members.listed().order_by("pk")

    @extend_schema(
        operation_id="members_list",
        summary="List members",
        tags=["Members"],
        responses={200: MemberSerializer(many=True), **problem_responses(*_READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class MemberView(GenericAPIView[User]):
    """One member."""

    serializer_class = MemberSerializer
    permission_classes = (IsAdmin,)
    queryset = User.objects.none()

    @extend_schema(
        operation_id="members_get",
        summary="Show a member",
        tags=["Members"],
        examples=[OpenApiExample("A limited analyst", value=MEMBER_EXAMPLE, response_only=True)],
        responses={200: MemberSerializer, **problem_responses(*_READ)},
    )
    def get(self, request: Request, member_id: int) -> Response:
        return Response(MemberSerializer(members.access_member(member_id)).data)

    @extend_schema(
        operation_id="members_update",
        summary="Change a member",
        description="Role, limits, and whether they are let in; from their next request on. Nobody gives a role "
        "above their own, only owners change owners, and the last owner stays. A change of role signs the member out.",
        tags=["Members"],
        request=MemberChangeSerializer(partial=True),
        responses={200: MemberSerializer, **problem_responses(*_WRITE)},
    )
    def patch(self, request: Request, member_id: int) -> Response:
        subject, by = members.access_member(member_id), member_of(request)
        given = MemberChangeSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        if wanted.keys() & {"role", "scope_namespaces", "scope_labels", "approves_statements"}:
            members.change_member(
                by=by,
                member=subject,
                role=Role(wanted["role"]) if "role" in wanted else None,
                namespaces=wanted.get("scope_namespaces"),
                labels=wanted.get("scope_labels"),
                approves_statements=wanted.get("approves_statements"),
            )
        if "is_active" in wanted:
            change = members.reactivate if wanted["is_active"] else members.deactivate
            change(by=by, member=subject)
        return Response(MemberSerializer(members.access_member(member_id)).data)


class MemberSessionsView(APIView):
    """The browsers a member is signed in with."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        operation_id="members_sign_out",
        summary="Sign a member out everywhere",
        description="Ends every browser session, with its next request. API tokens live on.",
        tags=["Members"],
        responses={204: OpenApiResponse(description="Signed out."), **problem_responses(*_READ)},
    )
    def delete(self, request: Request, member_id: int) -> Response:
        members.sign_out(by=member_of(request), member=members.access_member(member_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class MemberSecondFactorView(APIView):
    """A member's second factor."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        operation_id="members_reset_second_factor",
        summary="Reset a member's second factor",
        description="For a member who lost the device and the recovery codes. Signs them out and tells them by mail.",
        tags=["Members"],
        responses={
            204: OpenApiResponse(description="The member has none now."),
            **problem_responses(*_READ, 409),
        },
    )
    def delete(self, request: Request, member_id: int) -> Response:
        subject = members.access_member(member_id)
        if members.reset_second_factor(by=member_of(request), member=subject):
            tasks.send_second_factor_off.enqueue_on_commit(user_id=subject.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationListView(ListAPIView[Invitation]):
    """Invitations nobody has accepted yet."""

    serializer_class = InvitationSerializer
    pagination_class = ListCursor
    permission_classes = (IsAdmin,)
    queryset = Invitation.objects.none()

    def get_queryset(self) -> Any:
        return invitations.pending().select_related("invited_by").order_by("pk")

    @extend_schema(
        operation_id="invitations_list",
        summary="List invitations",
        tags=["Members"],
        responses={200: InvitationSerializer(many=True), **problem_responses(*_READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="invitations_create",
        summary="Invite somebody",
        description="Mails a link that works once, for seven days.",
        tags=["Members"],
        request=NewInvitationSerializer,
        responses={201: InvitationSerializer, **problem_responses(400, 401, 403, 409, 415, 429)},
    )
    def post(self, request: Request) -> Response:
        given = NewInvitationSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        invitation = invitations.invite(
            by=member_of(request),
            email=given.validated_data["email"],
            role=Role(given.validated_data["role"]),
            namespaces=given.validated_data.get("scope_namespaces", ()),
            labels=given.validated_data.get("scope_labels", ()),
            at=timezone.now(),
        )
        tasks.send_invitation.enqueue_on_commit(invitation_id=invitation.pk)
        return Response(InvitationSerializer(invitation).data, status=status.HTTP_201_CREATED)


class InvitationView(GenericAPIView[Invitation]):
    """One invitation."""

    serializer_class = InvitationSerializer
    permission_classes = (IsAdmin,)
    queryset = Invitation.objects.none()

    @extend_schema(
        operation_id="invitations_get",
        summary="Show an invitation",
        tags=["Members"],
        responses={200: InvitationSerializer, **problem_responses(*_READ)},
    )
    def get(self, request: Request, invitation_id: int) -> Response:
        return Response(InvitationSerializer(invitations.access_invitation(invitation_id)).data)

    @extend_schema(
        operation_id="invitations_revoke",
        summary="Revoke an invitation",
        tags=["Members"],
        responses={204: OpenApiResponse(description="Revoked."), **problem_responses(*_READ)},
    )
    def delete(self, request: Request, invitation_id: int) -> Response:
        invitation = invitations.access_invitation(invitation_id)
        invitations.revoke(by=member_of(request), invitation=invitation, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationResendView(GenericAPIView[Invitation]):
    """Another mail for an invitation."""

    serializer_class = InvitationSerializer
    permission_classes = (IsAdmin,)
    queryset = Invitation.objects.none()

    @extend_schema(
        operation_id="invitations_resend",
        summary="Send an invitation again",
        description="Mails a new link, good for another seven days. Earlier links stop working.",
        tags=["Members"],
        request=None,
        responses={200: InvitationSerializer, **problem_responses(*_READ, 409)},
    )
    def post(self, request: Request, invitation_id: int) -> Response:
        invitation = invitations.renew(
            by=member_of(request),
            invitation=invitations.access_invitation(invitation_id),
            at=timezone.now(),
        )
        tasks.send_invitation.enqueue_on_commit(invitation_id=invitation.pk)
        return Response(InvitationSerializer(invitation).data)


class SecondFactorPolicyView(APIView):
    """Who must have a second factor."""

    serializer_class = SecondFactorPolicySerializer

    def get_permissions(self) -> list[BasePermission]:
        return [IsOwner() if self.request.method == "PUT" else IsAdmin()]

    @extend_schema(
        operation_id="second_factor_policy_get",
        summary="Show who must have a second factor",
        tags=["Members"],
        responses={200: SecondFactorPolicySerializer, **problem_responses(*_READ)},
    )
    def get(self, request: Request) -> Response:
        return Response({"policy": second_factor.policy()})

    @extend_schema(
        operation_id="second_factor_policy_set",
        summary="Say who must have a second factor",
        description="Owners only. Members it concerns are led to set one up with their next click; API tokens keep "
        "working.",
        tags=["Members"],
        request=SecondFactorPolicySerializer,
        responses={200: SecondFactorPolicySerializer, **problem_responses(400, 401, 403, 415, 429)},
    )
    def put(self, request: Request) -> Response:
        given = SecondFactorPolicySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        policy = SecondFactorPolicy(given.validated_data["policy"])
        members.require_second_factor(by=member_of(request), policy=policy)
        return Response({"policy": policy})
