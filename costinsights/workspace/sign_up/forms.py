"""Forms of the sign-up pages. The rules are in `services`, and their words come back here."""

from django import forms
from django.conf import settings

from costinsights.core.errors import ApplicationError


class SlugForm(forms.Form):
    """The short name in the workspace's address."""

    slug = forms.CharField(
        label="Address",
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "placeholder": "acme",
                "hx-get": "/sign-up/address/",
                "hx-trigger": "input changed delay:400ms, change",
                "hx-target": "#slug-state",
                "hx-swap": "innerHTML",
                "hx-sync": "this:replace",
            }
        ),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Form takes what it takes
        self.fields[
            "slug"
        ].help_text = (
            f"Your workspace is at this name followed by .{settings.BASE_DOMAIN}. It never changes."
        )

    def refuse(self, error: ApplicationError) -> None:
        """Put a rule's words beside the field they are about."""
        field = error.extra.get("field")
        self.add_error(field if field in self.fields else None, error.message)


class SignUpForm(SlugForm):
    """What somebody tells us who wants a workspace."""

    workspace_name = forms.CharField(
        label="Workspace name",
        max_length=120,
        help_text="Your company's or team's name. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        help_text="We send a link to it. You become the workspace's first owner.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    # No person sees this field; what fills it in is no person.
    website = forms.CharField(
        required=False,
        label="Leave this empty",
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    field_order = ("workspace_name", "slug", "email", "website")
