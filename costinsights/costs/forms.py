"""Forms of the cluster pages. They know shapes; the rules are in `drafts`, and their words come back here."""

from typing import Any

from django import forms

from costinsights.core.errors import InvalidInput
from costinsights.costs.currencies import COMMON, CURRENCIES
from costinsights.costs.drafts import LONGEST_NAME, ConnectionDraft
from costinsights.costs.models import (
    LONGEST_CA_BUNDLE,
    LONGEST_CLIENT_CERTIFICATE,
    LONGEST_CLIENT_KEY,
    LONGEST_SCOPE,
    LONGEST_SECRET,
    LONGEST_URL,
    AuthKind,
    Cluster,
)


def currency_choices() -> list[tuple[str, str]]:
    rest = [code for code in CURRENCIES if code not in COMMON]
    return [("", "Choose…"), *((code, code) for code in (*COMMON, *rest))]


class _NeededForSomeKinds(forms.CharField):
    """A field that one way of authenticating needs: shown as needed, judged by `ConnectionDraft`."""

    def validate(self, value: Any) -> None:
        """An empty one is fine here; the draft knows whether the chosen kind can do without."""


class _TextWithoutKeys(forms.Textarea):
    """Never prints a private key again, not even the one that was just typed."""

    def format_value(self, value: Any) -> str | None:
        return "" if value and "PRIVATE KEY" in str(value) else super().format_value(value)


class _NeverPrinted(forms.Textarea):
    """What is typed here is not printed again, whatever it is."""

    def format_value(self, value: Any) -> str | None:
        return ""


class ConnectionForm(forms.Form):
    """Where an OpenCost is and how we say who we are."""

    use_required_attribute = False  # most fields are hidden until the kind asks for them

    opencost_url = forms.CharField(
        label="OpenCost address",
        max_length=LONGEST_URL,
        widget=forms.TextInput(
            attrs={
                "inputmode": "url",
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "https://opencost.example.com:9003",
            }
        ),
        help_text="The address of its API, with port and path prefix. Behind OpenCost's web page it ends in /model.",
    )
    auth_kind = forms.ChoiceField(
        label="Authentication",
        choices=AuthKind.choices,
        initial=AuthKind.NONE,
        help_text="OpenCost has no sign-in of its own; this is for the gateway in front of it.",
    )
    auth_username = _NeededForSomeKinds(
        label="User name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="For user name and password.",
    )
    auth_header_name = _NeededForSomeKinds(
        label="Header name",
        max_length=100,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "X-Api-Key"}
        ),
        help_text="For an own header.",
    )
    secret = _NeededForSomeKinds(
        label="Token, password or header value",
        max_length=LONGEST_SECRET,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted and never shown again.",
    )
    ca_bundle = forms.CharField(
        label="Private certificate authority",
        max_length=LONGEST_CA_BUNDLE,
        required=False,
        widget=_TextWithoutKeys(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="Certificates in PEM form, if OpenCost's certificate comes from an authority of your own.",
    )
    client_certificate = forms.CharField(
        label="Client certificate",
        max_length=LONGEST_CLIENT_CERTIFICATE,
        required=False,
        widget=_TextWithoutKeys(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="In PEM form, its intermediate certificates after it, if the gateway asks for one "
        "(mutual TLS). Goes with any authentication.",
    )
    client_key = forms.CharField(
        label="Private key of the client certificate",
        max_length=LONGEST_CLIENT_KEY,
        required=False,
        widget=_NeverPrinted(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text="In PEM form, without a password. Stored encrypted and never shown again.",
    )
    scope_filter = forms.CharField(
        label="Scope",
        max_length=LONGEST_SCOPE,
        required=False,
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "placeholder": 'namespace:"shop","payments"'}
        ),
        help_text="An OpenCost filter that every request carries, for an OpenCost shared with others. "
        "Idle cost is not shown then.",
    )

    def draft(self) -> ConnectionDraft:
        """The connection as typed; `checked()` says whether it will do."""
        given = self.cleaned_data
        return ConnectionDraft(
            opencost_url=given["opencost_url"],
            auth_kind=AuthKind(given["auth_kind"]),
            auth_username=given["auth_username"],
            auth_header_name=given["auth_header_name"],
            secret=given["secret"] or None,
            ca_bundle=given["ca_bundle"],
            client_certificate=given["client_certificate"],
            client_key=given["client_key"] or None,
            scope_filter=given["scope_filter"],
        )

    def refuse(self, error: InvalidInput) -> None:
        """Put a rule's words beside the field they are about."""
        self.add_error(error.field if error.field in self.fields else None, error.message)

    @property
    def has_advanced(self) -> bool:
        """Whether the rarely used part holds something, so that it stands open."""
        names = ("ca_bundle", "client_certificate", "client_key", "scope_filter")
        return any(self[name].value() or self[name].errors for name in names)


class ConfirmForm(forms.Form):
    """What only a person knows about a tested cluster."""

    name = forms.CharField(
        label="Name", max_length=LONGEST_NAME, help_text="What people here call this cluster."
    )
    currency = forms.ChoiceField(
        label="Currency",
        choices=currency_choices,
        help_text="What this OpenCost's prices are in. OpenCost does not say, so please confirm it.",
    )

    def refuse(self, error: InvalidInput) -> None:
        """Put a rule's words beside the field they are about."""
        self.add_error(error.field if error.field in self.fields else None, error.message)


class ClusterForm(ConnectionForm):
    """Everything that can be changed of a cluster."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    currency = forms.ChoiceField(
        label="Currency",
        choices=currency_choices,
        help_text="What this OpenCost's prices are in. Nothing is converted.",
    )
    field_order = ("name", "currency", "opencost_url", "auth_kind")

    def keep_secret(self) -> None:
        """A stored secret may stay: the field is optional."""
        self.fields["secret"].required = False

    @staticmethod
    def initial_of(cluster: Cluster) -> dict[str, Any]:
        names = (
            "name",
            "currency",
            "opencost_url",
            "auth_kind",
            "auth_username",
            "auth_header_name",
            "ca_bundle",
            "client_certificate",
            "scope_filter",
        )
        return {name: getattr(cluster, name) for name in names}


class RemoveForm(forms.Form):
    """The name, typed: removing forgets credentials that may exist nowhere else."""

    typed = forms.CharField(
        label="Type the cluster's name to confirm",
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, cluster: Cluster, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cluster = cluster

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.cluster.name:
            raise forms.ValidationError(f"That is not “{self.cluster.name}”.", code="mismatch")
        return typed
