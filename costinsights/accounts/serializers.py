"""What the API says about the caller. Every field is named: none appears by chance."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from costinsights.accounts.models import Role
from costinsights.accounts.token_serializers import CallingTokenSerializer


class WorkspaceSerializer(serializers.Serializer[Any]):
    """The tenant this address belongs to."""

    name = serializers.CharField()
    slug = serializers.CharField()
    plan = serializers.CharField()
    reporting_currency = serializers.CharField(help_text="ISO 4217")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "With an API token",
            value={
                "email": "ada@acme.example",
                "name": "Ada",
                "role": "admin",
                "effective_role": "viewer",
                "scope_namespaces": [],
                "scope_labels": [],
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
                    "role_ceiling": "viewer",
                    "allowed_networks": [],
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
    role = serializers.ChoiceField(choices=Role.choices, help_text="The member's own role.")
    effective_role = serializers.ChoiceField(
        choices=Role.choices,
        help_text="The role this request has: less than `role` when the token allows less.",
    )
    scope_namespaces = serializers.ListField(
        child=serializers.CharField(),
        help_text="What a limited member sees: rows of one of these namespaces, or with one of these labels. "
        "Both empty: everything.",
    )
    scope_labels = serializers.ListField(child=serializers.CharField())
    workspace = WorkspaceSerializer()
    token = CallingTokenSerializer(
        allow_null=True, help_text="null when a browser's session was used"
    )
