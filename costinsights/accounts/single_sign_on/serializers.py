"""Identity providers as the API shows and takes them. The client secret goes in and never comes out."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers

from costinsights.accounts.models import IdentityProvider, Role
from costinsights.accounts.single_sign_on import flow
from costinsights.accounts.single_sign_on.drafts import (
    LONGEST_CLAIM,
    LONGEST_CLIENT_ID,
    LONGEST_ISSUER,
    LONGEST_NAME,
    LONGEST_SECRET,
    MOST_DOMAINS,
    MOST_SCOPES,
    ProviderDraft,
)

EXAMPLE = OpenApiExample(
    "Keycloak",
    response_only=True,
    value={
        "id": 3,
        "name": "Acme Keycloak",
        "slug": "acme-keycloak",
        "issuer": "https://login.acme.example/realms/acme",
        "client_id": "cost-insights",
        "has_client_secret": True,
        "redirect_uri": "https://acme.costinsights.example/sign-in/sso/acme-keycloak/callback/",
        "extra_scopes": [],
        "is_active": True,
        "creates_members": True,
        "allowed_email_domains": ["acme.example"],
        "role_claim": "groups",
        "role_mapping": {"platform-team": "admin", "finance": "analyst"},
        "default_role": "viewer",
        "created_at": "2026-11-23T09:00:00Z",
    },
)
_FIELDS = (
    "name",
    "issuer",
    "client_id",
    "client_secret",
    "extra_scopes",
    "is_active",
    "creates_members",
    "allowed_email_domains",
    "role_claim",
    "role_mapping",
    "default_role",
)


class IdentityProviderSerializer(serializers.ModelSerializer[IdentityProvider]):
    """An OpenID provider that people sign in through."""

    has_client_secret = serializers.SerializerMethodField(
        help_text="Whether a client secret is stored; without one it is a public client."
    )
    redirect_uri = serializers.SerializerMethodField(help_text="To be entered at the provider.")
    role_mapping = serializers.DictField(
        child=serializers.ChoiceField(choices=Role.choices),
        help_text="What a value of the claim makes of a member; the highest counts.",
    )

    class Meta:
        model = IdentityProvider
        fields = (
            "id",
            "name",
            "slug",
            "issuer",
            "client_id",
            "has_client_secret",
            "redirect_uri",
            "extra_scopes",
            "is_active",
            "creates_members",
            "allowed_email_domains",
            "role_claim",
            "role_mapping",
            "default_role",
            "created_at",
        )
        read_only_fields = fields
        extra_kwargs: ClassVar[dict[str, dict[str, Any]]] = {
            "default_role": {"help_text": "The role without a match; empty: they cannot sign in."}
        }

    def get_has_client_secret(self, provider: IdentityProvider) -> bool:
        return bool(provider.sealed_client_secret)

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_redirect_uri(self, provider: IdentityProvider) -> str:
        return flow.redirect_uri_of(provider)


class IdentityProviderInputSerializer(serializers.Serializer[Any]):
    """An OpenID provider to add, or what to change of one. What a change leaves out stays."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    issuer = serializers.CharField(
        max_length=LONGEST_ISSUER,
        help_text="Exactly as the provider writes it. With another issuer, links to members are forgotten.",
    )
    client_id = serializers.CharField(max_length=LONGEST_CLIENT_ID)
    client_secret = serializers.CharField(
        max_length=LONGEST_SECRET,
        required=False,
        allow_blank=True,
        write_only=True,
        trim_whitespace=False,
        style={"input_type": "password"},
        help_text="Stored encrypted and never answered. Empty: a public client. Left out in a change, the "
        "stored one stays, unless the issuer changes.",
    )
    extra_scopes = serializers.ListField(
        child=serializers.CharField(max_length=80),
        required=False,
        max_length=MOST_SCOPES,
        help_text="Beside openid, email and profile.",
    )
    is_active = serializers.BooleanField(required=False)
    creates_members = serializers.BooleanField(
        required=False, help_text="Whether somebody it knows and we do not becomes a member."
    )
    allowed_email_domains = serializers.ListField(
        child=serializers.CharField(max_length=253),
        required=False,
        max_length=MOST_DOMAINS,
        help_text="New members need a verified address of one of these.",
    )
    role_claim = serializers.CharField(
        max_length=LONGEST_CLAIM,
        required=False,
        allow_blank=True,
        help_text="Such as `groups` or `realm_access.roles`. Empty: roles are given in the workspace.",
    )
    role_mapping = serializers.DictField(
        child=serializers.ChoiceField(choices=Role.choices),
        required=False,
        help_text="What a value of the claim makes of a member; the highest counts.",
    )
    default_role = serializers.ChoiceField(
        choices=Role.choices,
        required=False,
        allow_blank=True,
        help_text="Without a match; never `owner`. Empty: they cannot sign in.",
    )

    def draft(self, stored: IdentityProvider | None = None) -> ProviderDraft:
        """The provider described; what a change leaves out stays as it is stored."""
        base = ProviderDraft.of(stored) if stored is not None else None
        values: dict[str, Any] = {name: getattr(base, name) for name in _FIELDS} if base else {}
        given = dict(self.validated_data)
        for name in ("extra_scopes", "allowed_email_domains"):
            if name in given:
                given[name] = tuple(given[name])
        return ProviderDraft(**{**values, **given})


class IdentityProviderStepSerializer(serializers.Serializer[Any]):
    """One step of the test."""

    name = serializers.ChoiceField(choices=["discovery", "keys", "client"])
    state = serializers.ChoiceField(choices=["ok", "warning", "failed", "skipped"])
    text = serializers.CharField(help_text="For a person.")
    code = serializers.CharField(allow_blank=True, help_text="Stable; why it failed.")


class IdentityProviderTestSerializer(serializers.Serializer[Any]):
    """What the provider answers now, without anybody signing in."""

    ok = serializers.BooleanField()
    steps = IdentityProviderStepSerializer(many=True)


class PasswordSignInSerializer(serializers.Serializer[Any]):
    """Who may sign in with a password."""

    allowed_for_everybody = serializers.BooleanField(
        help_text="False: owners only; everybody else uses an identity provider."
    )
