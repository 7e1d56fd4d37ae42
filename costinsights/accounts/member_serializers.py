"""What the API says about members, invitations and sessions. Every field is named: none appears by chance."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from costinsights.accounts.models import Invitation, Role, SecondFactorPolicy, User

_NAMESPACES = "Rows of one of these namespaces are seen. With no labels either: everything is."
_LABELS = "Rows with one of these labels, `name=value`, are seen."
MEMBER_EXAMPLE = {
    "id": 7,
    "email": "grace@acme.example",
    "name": "Grace",
    "role": "analyst",
    "is_active": True,
    "scope_namespaces": ["payments", "shop"],
    "scope_labels": ["team=core"],
    "approves_statements": False,
    "has_second_factor": True,
    "last_sign_in_at": "2026-11-23T09:00:00Z",
    "created_at": "2026-10-01T08:00:00Z",
}


def _entries(help_text: str, longest: int) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=longest),
        required=False,
        max_length=50,
        help_text=help_text,
    )


class MemberSerializer(serializers.ModelSerializer[User]):
    """A member of the workspace."""

    has_second_factor = serializers.BooleanField(read_only=True)
    last_sign_in_at = serializers.DateTimeField(
        source="last_login", read_only=True, allow_null=True
    )

    class Meta:
        model = User
        fields = (
            "id",
            "email",
            "name",
            "role",
            "is_active",
            "scope_namespaces",
            "scope_labels",
            "approves_statements",
            "has_second_factor",
            "last_sign_in_at",
            "created_at",
        )
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Limit a viewer",
            value={"role": "viewer", "scope_namespaces": ["shop"]},
            request_only=True,
        ),
        OpenApiExample("Shut out", value={"is_active": False}, request_only=True),
    ]
)
class MemberChangeSerializer(serializers.Serializer[Any]):
    """What to change of a member. What is left out stays."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)
    scope_namespaces = _entries(_NAMESPACES, 253)
    scope_labels = _entries(_LABELS, 400)
    approves_statements = serializers.BooleanField(
        required=False, help_text="Whether they may close months and approve statements."
    )
    is_active = serializers.BooleanField(
        required=False, help_text="false signs the member out and stops their API tokens."
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A viewer of one namespace",
            value={
                "email": "grace@acme.example",
                "role": "viewer",
                "scope_namespaces": ["shop"],
            },
            request_only=True,
        )
    ]
)
class NewInvitationSerializer(serializers.Serializer[Any]):
    """Whom to invite, and as what."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=Role.choices, default=Role.VIEWER)
    scope_namespaces = _entries(_NAMESPACES, 253)
    scope_labels = _entries(_LABELS, 400)


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation nobody has accepted yet. Its link is in the mail only."""

    state = serializers.SerializerMethodField()
    invited_by = serializers.SerializerMethodField(
        help_text="The inviting member's address; null when they are gone."
    )

    class Meta:
        model = Invitation
        fields = (
            "id",
            "email",
            "role",
            "state",
            "scope_namespaces",
            "scope_labels",
            "invited_by",
            "created_at",
            "expires_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=["waiting", "expired"]))
    def get_state(self, invitation: Invitation) -> str:
        return "waiting" if invitation.is_open(timezone.now()) else "expired"

    @extend_schema_field(serializers.EmailField(allow_null=True))
    def get_invited_by(self, invitation: Invitation) -> str | None:
        return invitation.invited_by.email if invitation.invited_by else None


class BrowserSessionSerializer(serializers.Serializer[Any]):
    """A browser the caller is signed in with. The id opens nothing."""

    session_id = serializers.CharField()
    device = serializers.CharField(help_text="What the browser calls itself, in short.")
    ip_address = serializers.CharField(allow_null=True)
    signed_in_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    is_current = serializers.BooleanField(help_text="Whether the request came with this session.")


class SecondFactorPolicySerializer(serializers.Serializer[Any]):
    """Who must have a second factor."""

    policy = serializers.ChoiceField(choices=SecondFactorPolicy.choices)
