"""What the API says about the caller and their tokens. Every field is named: none appears by chance."""

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

_TOKEN = {
    "key_id": "k7q2mzx4pd3a",
    "name": "Grafana",
    "scopes": ["read"],
    "state": "active",
    "created_at": "2026-11-23T09:00:00Z",
    "expires_at": "2027-02-21T09:00:00Z",
    "last_used_at": None,
    "revoked_at": None,
}


class WorkspaceSerializer(serializers.Serializer[Any]):
    """The tenant this address belongs to."""

    name = serializers.CharField()
    slug = serializers.CharField()
    plan = serializers.CharField()
    reporting_currency = serializers.CharField(help_text="ISO 4217")


class CallingTokenSerializer(serializers.Serializer[Any]):
    """The token the request came with."""

    key_id = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    expires_at = serializers.DateTimeField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "With an API token",
            value={
                "email": "ada@acme.example",
                "name": "Ada",
                "role": "admin",
                "workspace": {
                    "name": "Acme",
                    "slug": "acme",
                    "plan": "enterprise",
                    "reporting_currency": "EUR",
                },
                "token": {
                    "key_id": "k7q2mzx4pd3a",
                    "name": "Grafana",
                    "scopes": ["read"],
                    "expires_at": "2027-02-21T09:00:00Z",
                },
            },
            response_only=True,
        )
    ]
)
class MeSerializer(serializers.Serializer[Any]):
    """Who the request acts as."""

    email = serializers.EmailField()
    name = serializers.CharField(allow_blank=True)
    role = serializers.ChoiceField(choices=Role.choices)
    workspace = WorkspaceSerializer()
    token = CallingTokenSerializer(
        allow_null=True, help_text="null when a browser's session was used"
    )


@extend_schema_serializer(examples=[OpenApiExample("A token", value=_TOKEN, response_only=True)])
class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """An API token as it may be shown: never its secret."""

    state = serializers.SerializerMethodField()

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "key_id",
            "name",
            "scopes",
            "state",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=["active", "expired", "revoked"]))
    def get_state(self, token: ApiToken) -> str:
        return token.state(timezone.now())


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A read-only token for 30 days",
            value={"name": "Grafana", "scopes": ["read"], "expires_in_days": 30},
            request_only=True,
        )
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
    expires_in_days = serializers.IntegerField(
        min_value=1, max_value=TOKEN_LIFETIME_MAX.days, default=TOKEN_LIFETIME_DEFAULT.days
    )

    @property
    def lifetime(self) -> dt.timedelta:
        return dt.timedelta(days=self.validated_data["expires_in_days"])


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "The only time the token itself is sent",
            value={
                **_TOKEN,
                "token": "ci_k7q2mzx4pd3a_<43 letters and digits>_<8 hexadecimal digits>",
            },
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
