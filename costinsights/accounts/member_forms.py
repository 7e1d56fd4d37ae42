"""The forms of the members page and of second factors. What is allowed is decided by the services."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms

from costinsights.accounts.models import Role, SecondFactorPolicy, User
from costinsights.core.errors import ApplicationError, InvalidInput


class EntriesField(forms.CharField):
    """Several names in one box, separated by commas, spaces or lines."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}))
        super().__init__(required=False, max_length=20_000, **kwargs)

    def to_python(self, value: Any) -> Any:
        return [part for part in re.split(r"[\s,]+", super().to_python(value) or "") if part]

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else "\n".join(value)


class LimitsForm(forms.Form):
    """A role, and what of the costs somebody with it may see."""

    role = forms.ChoiceField(label="Role")
    scope_namespaces = EntriesField(
        label="Only these namespaces",
        help_text="One per line or separated by commas. Empty, with no labels either: everything.",
    )
    scope_labels = EntriesField(
        label="Only these labels",
        help_text="As name=value, such as team=core. Rows of a namespace above or with a label here are seen.",
    )

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role: Any = self.fields["role"]
        role.choices = [(one.value, one.label) for one in roles]

    @property
    def limits(self) -> dict[str, Any]:
        """Role and limits as the services take them."""
        return {
            "role": Role(self.cleaned_data["role"]),
            "namespaces": self.cleaned_data["scope_namespaces"],
            "labels": self.cleaned_data["scope_labels"],
        }

    def refuse(self, refusal: ApplicationError) -> None:
        """Put what a service refused beside the field it is about."""
        named = refusal.field if isinstance(refusal, InvalidInput) else None
        self.add_error(named if named in self.fields else None, refusal.message)


class MemberForm(LimitsForm):
    """What an admin decides about somebody who is in."""

    approves_statements = forms.BooleanField(
        label="Approver: closes months and approves statements",
        required=False,
        help_text="Never those that they prepared themselves.",
    )


class InviteForm(LimitsForm):
    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    field_order = ("email", "role", "scope_namespaces", "scope_labels")


class PolicyForm(forms.Form):
    policy = forms.ChoiceField(
        label="Second factor", choices=SecondFactorPolicy.choices, widget=forms.RadioSelect
    )


class ProofForm(forms.Form):
    """Proves that the person at the keyboard is the member: by password, or by code where there is none."""

    proof = forms.CharField(label="Your password", strip=False, max_length=4096)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["proof"]
        if user.has_usable_password():
            field.widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
        else:
            field.label = "A code of your authenticator app"
            field.widget = forms.TextInput(attrs={"autocomplete": "one-time-code"})


class JoinForm(forms.Form):
    """What an invited person tells of themselves."""

    name = forms.CharField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )
    password = forms.CharField(
        label="Choose a password",
        strip=False,
        max_length=4096,
        help_text="At least 12 characters. A sentence works well.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    repeated = forms.CharField(
        label="The password again",
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, needs_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_password:
            del self.fields["password"], self.fields["repeated"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        given, again = cleaned.get("password"), cleaned.get("repeated")
        if given and again and given != again:
            self.add_error("repeated", "The two passwords differ.")
        return cleaned
