"""What the API says about API tokens. Every field is named: none appears by chance."""

import datetime as dt
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from costinsights.accounts.models import (
    TOKEN_LIFETIME_DEFAULT,
    TOKEN_LIFETIME_MAX,
    ApiToken,
    Role,
    Scope,
)
from costinsights.accounts.token_services import NETWORKS_MAX, OVERLAP_DEFAULT, OVERLAP_MAX

_TOKEN = {
    "key_id": "k7q2mzx4pd3a",
    "name": "Grafana",
    "member": "ada@acme.example",
    "scopes": ["read"],
    "role_ceiling": "viewer",
    "allowed_networks": ["203.0.113.0/24"],
    "state": "active",
    "created_at": "2026-11-23T09:00:00Z",
    "expires_at": "2027-02-21T09:00:00Z",
    "last_used_at": None,
    "last_used_ip": None,
    "revoked_at": None,
    "replaces": None,
    "replaced_by": None,
}
_TEXT = "ci_k7q2mzx4pd3a_<43 letters and digits>_<8 hexadecimal digits>"


class CallingTokenSerializer(serializers.Serializer[Any]):
    """The token the request came with."""

    key_id = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    role_ceiling = serializers.ChoiceField(
        choices=Role.choices, allow_blank=True, help_text="Empty: the member's own role."
    )
    allowed_networks = serializers.ListField(
        child=serializers.CharField(), help_text="CIDR; none: from anywhere."
    )
    expires_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[OpenApiExample("A token", value=_TOKEN, response_only=True)])
class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """An API token as it may be shown: never its secret."""

    member = serializers.EmailField(
        source="created_by.email", read_only=True, help_text="Whom the token acts as."
    )
    state = serializers.SerializerMethodField()
    replaces = serializers.SerializerMethodField(
        help_text="Key id of the token that this one takes over from."
    )
    replaced_by = serializers.SerializerMethodField(help_text="Key id of its successor.")

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = tuple(_TOKEN)
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=["active", "expired", "revoked"]))
    def get_state(self, token: ApiToken) -> str:
        return token.state(timezone.now())

    def get_replaces(self, token: ApiToken) -> str | None:
        return token.replaces.key_id if token.replaces else None

    def get_replaced_by(self, token: ApiToken) -> str | None:
        successor = getattr(token, "replaced_by", None)
        return successor.key_id if successor else None


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A read-only token for 30 days",
            value={"name": "Grafana", "scopes": ["read"], "expires_in_days": 30},
            request_only=True,
        ),
        OpenApiExample(
            "One that acts as a viewer, from the office only",
            value={
                "name": "Grafana",
                "role_ceiling": "viewer",
                "allowed_networks": ["203.0.113.0/24"],
            },
            request_only=True,
        ),
    ]
)
class NewTokenSerializer(serializers.Serializer[Any]):
    """What a new token is called, may do and how long it lives."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices),
        default=[Scope.READ],
        allow_empty=False,
        max_length=len(Scope),
    )
    role_ceiling = serializers.ChoiceField(
        choices=Role.choices,
        default="",
        allow_blank=True,
        help_text="The most it may do, whatever its member may. Empty: the member's own role.",
    )
    allowed_networks = serializers.ListField(
        child=serializers.CharField(max_length=43),
        default=[],
        max_length=NETWORKS_MAX,
        help_text="Networks it may be used from, as 203.0.113.0/24. None: from anywhere.",
    )
    expires_in_days = serializers.IntegerField(
        min_value=1, max_value=TOKEN_LIFETIME_MAX.days, default=TOKEN_LIFETIME_DEFAULT.days
    )

    @property
    def lifetime(self) -> dt.timedelta:
        return dt.timedelta(days=self.validated_data["expires_in_days"])


@extend_schema_serializer(
    examples=[
        OpenApiExample("Three days to change over", value={"overlap_days": 3}, request_only=True)
    ]
)
class RotationSerializer(serializers.Serializer[Any]):
    """How a token hands over to its successor."""

    overlap_days = serializers.IntegerField(
        min_value=0,
        max_value=OVERLAP_MAX.days,
        default=OVERLAP_DEFAULT.days,
        help_text="How long the old token still works; 0 ends it at once.",
    )
    expires_in_days = serializers.IntegerField(
        min_value=1,
        max_value=TOKEN_LIFETIME_MAX.days,
        required=False,
        help_text="How long the new token lives; by default as long as the old one was made for.",
    )

    @property
    def overlap(self) -> dt.timedelta:
        return dt.timedelta(days=self.validated_data["overlap_days"])

    @property
    def lifetime(self) -> dt.timedelta | None:
        days = self.validated_data.get("expires_in_days")
        return None if days is None else dt.timedelta(days=days)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "The only time the token itself is sent",
            value={**_TOKEN, "token": _TEXT},
            response_only=True,
        )
    ]
)
class CreatedTokenSerializer(TokenSerializer):
    """A token that was just made, with its text."""

    token = serializers.SerializerMethodField(help_text="Shown now and never again.")

    class Meta(TokenSerializer.Meta):
        fields: tuple[str, ...] = (*TokenSerializer.Meta.fields, "token")
        read_only_fields = fields

    def get_token(self, token: ApiToken) -> str:
        return str(self.context["text"])
