"""The form of an identity provider. It knows shapes; the rules are in `drafts`, and their words come back here."""

import re
from typing import Any

from django import forms

from costinsights.accounts.models import IdentityProvider, Role
from costinsights.accounts.single_sign_on.drafts import (
    LONGEST_CLAIM,
    LONGEST_CLIENT_ID,
    LONGEST_ISSUER,
    LONGEST_NAME,
    LONGEST_SECRET,
    ProviderDraft,
)
from costinsights.accounts.single_sign_on.mapping import mapping_text, parse_mapping
from costinsights.core.errors import InvalidInput

PUBLIC, CONFIDENTIAL = "public", "confidential"
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class ProviderForm(forms.Form):
    """Everything an owner says about a provider."""

    name = forms.CharField(
        label="Name",
        max_length=LONGEST_NAME,
        help_text="The sign-in page says “Sign in with …”.",
        widget=forms.TextInput(attrs=_PLAIN),
    )
    issuer = forms.CharField(
        label="Issuer",
        max_length=LONGEST_ISSUER,
        help_text="The provider's address as it writes it itself, or the address of its discovery document.",
        widget=forms.TextInput(
            attrs={
                **_PLAIN,
                "inputmode": "url",
                "placeholder": "https://login.example.com/realms/acme",
            }
        ),
    )
    client_id = forms.CharField(
        label="Client ID", max_length=LONGEST_CLIENT_ID, widget=forms.TextInput(attrs=_PLAIN)
    )
    client_kind = forms.ChoiceField(
        label="Client",
        choices=[(CONFIDENTIAL, "With a client secret"), (PUBLIC, "Public, without a secret")],
        initial=CONFIDENTIAL,
    )
    client_secret = forms.CharField(
        label="Client secret",
        max_length=LONGEST_SECRET,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted and never shown again.",
    )
    extra_scopes = forms.CharField(
        label="Further scopes",
        max_length=1_000,
        required=False,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text="Beside openid, email and profile, separated by spaces. Okta and others send groups only for the "
        "scope groups.",
    )
    creates_members = forms.BooleanField(
        label="Make members of people it knows and we do not",
        required=False,
        help_text="Otherwise only people who are members already can sign in.",
    )
    allowed_email_domains = forms.CharField(
        label="Domains of new members",
        max_length=10_000,
        required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "example.com"}),
        help_text="New members need a verified address of one of these, separated by spaces.",
    )
    default_role = forms.ChoiceField(
        label="Role without a match",
        required=False,
        choices=[
            ("", "None: they cannot sign in"),
            *((role.value, role.label) for role in reversed(Role) if role != Role.OWNER),
        ],
        help_text="Of new members, and of everybody whom no line of the mapping fits.",
    )
    role_claim = forms.CharField(
        label="Claim with groups or roles",
        max_length=LONGEST_CLAIM,
        required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "groups"}),
        help_text="Such as groups, roles or realm_access.roles. Empty: roles are given here, under Members.",
    )
    role_mapping = forms.CharField(
        label="Mapping",
        max_length=50_000,
        required=False,
        widget=forms.Textarea(
            attrs={
                "rows": 5,
                "spellcheck": "false",
                "placeholder": "platform-team = admin\nfinance = analyst",
            }
        ),
        help_text="A group and its role to a line. With several matches the highest role counts.",
    )
    is_active = forms.BooleanField(
        label="Enabled",
        required=False,
        initial=True,
        help_text="Shown on the sign-in page. Whoever is signed in stays so when it is disabled.",
    )

    def clean_role_mapping(self) -> dict[str, str]:
        try:
            return parse_mapping(self.cleaned_data["role_mapping"])
        except InvalidInput as refused:
            raise forms.ValidationError(refused.message) from refused

    def draft(self, *, keeps_secret: bool = False) -> ProviderDraft:
        """The provider as typed. Raises InvalidInput for what only a text field can get wrong."""
        given = self.cleaned_data
        secret: str | None = given["client_secret"] or None
        if given["client_kind"] == PUBLIC:
            secret = ""
        elif secret is None and not keeps_secret:
            raise InvalidInput("Enter the client secret.", field="client_secret")
        return ProviderDraft(
            name=given["name"],
            issuer=given["issuer"],
            client_id=given["client_id"],
            client_secret=secret,
            extra_scopes=tuple(given["extra_scopes"].split()),
            is_active=given["is_active"],
            creates_members=given["creates_members"],
            allowed_email_domains=tuple(re.findall(r"[^\s,;]+", given["allowed_email_domains"])),
            role_claim=given["role_claim"],
            role_mapping=given["role_mapping"],
            default_role=given["default_role"],
        )

    def refuse(self, error: InvalidInput) -> None:
        """Put a rule's words beside the field they are about."""
        self.add_error(error.field if error.field in self.fields else None, error.message)

    @staticmethod
    def initial_of(provider: IdentityProvider) -> dict[str, Any]:
        return {
            "name": provider.name,
            "issuer": provider.issuer,
            "client_id": provider.client_id,
            "client_kind": CONFIDENTIAL if provider.sealed_client_secret else PUBLIC,
            "extra_scopes": " ".join(provider.extra_scopes),
            "creates_members": provider.creates_members,
            "allowed_email_domains": " ".join(provider.allowed_email_domains),
            "default_role": provider.default_role,
            "role_claim": provider.role_claim,
            "role_mapping": mapping_text(provider.role_mapping),
            "is_active": provider.is_active,
        }
