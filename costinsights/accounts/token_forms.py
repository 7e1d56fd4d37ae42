"""The forms of the token pages. What is allowed is decided by the services."""

import datetime as dt
import re
from typing import Any

from django import forms

from costinsights.accounts.models import Role, Scope, User

_LIVES = [(7, "7 days"), (30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "1 year")]


class NewTokenForm(forms.Form):
    """What a new API token is called, may do, from where, and how long it lives."""

    ACCESS = {  # noqa: RUF012  choices of one field, never changed
        "read": [Scope.READ],
        "write": [Scope.READ, Scope.WRITE],
    }

    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="What will use it, such as “Grafana” or “nightly export”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    access = forms.ChoiceField(
        label="May",
        choices=[("read", "Read only"), ("write", "Read and change")],
        initial="read",
    )
    role_ceiling = forms.ChoiceField(
        label="With the rights of", required=False, help_text="Never more than you may do yourself."
    )
    days = forms.TypedChoiceField(
        label="Expires after",
        coerce=int,
        choices=_LIVES,
        initial=90,
    )
    networks = forms.CharField(
        label="Only from these networks",
        required=False,
        max_length=1000,
        help_text="One per line, such as 203.0.113.0/24. Empty: from anywhere.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, member: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = Role(member.role)
        lower = [role for role in Role if role.rank < own.rank]
        self.fields["role_ceiling"].choices = [  # type: ignore[attr-defined]  # a choice field
            ("", f"My role ({own.label} today)"),
            *((role.value, role.label) for role in lower),
        ]

    @property
    def scopes(self) -> list[Scope]:
        return self.ACCESS[self.cleaned_data["access"]]

    @property
    def lifetime(self) -> dt.timedelta:
        return dt.timedelta(days=self.cleaned_data["days"])

    @property
    def networks_given(self) -> list[str]:
        return [text for text in re.split(r"[\s,]+", self.cleaned_data["networks"]) if text]


class RotateTokenForm(forms.Form):
    """How long the old token works beside its successor, and how long the successor lives."""

    overlap_days = forms.TypedChoiceField(
        label="The old token works for",
        coerce=int,
        choices=[
            (0, "no longer: it ends now"),
            (1, "1 more day"),
            (3, "3 more days"),
            (7, "7 more days"),
        ],
        initial=1,
        help_text="Time to hand the new token to the program. You can revoke the old one earlier.",
    )
    days = forms.TypedChoiceField(
        label="The new token expires after",
        coerce=lambda text: int(text) if text else None,
        required=False,
        empty_value=None,
        choices=[("", "as long as the old one"), *_LIVES],
    )

    @property
    def overlap(self) -> dt.timedelta:
        return dt.timedelta(days=self.cleaned_data["overlap_days"])

    @property
    def lifetime(self) -> dt.timedelta | None:
        days = self.cleaned_data["days"]
        return None if days is None else dt.timedelta(days=days)
