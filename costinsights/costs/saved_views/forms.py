"""Forms of the pages of saved views."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms

from costinsights.accounts.models import Role, User
from costinsights.core.errors import ApplicationError
from costinsights.costs.history.page.state import PAGE_PARAMETERS
from costinsights.costs.saved_views.models import LONGEST_FOLDER, LONGEST_NAME, SavedView


class ViewForm(forms.Form):
    """A view's name, folder and sharing; `state` is the page's address that it keeps."""

    name = forms.CharField(
        label="Name", max_length=LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    folder = forms.CharField(
        label="Folder",
        max_length=LONGEST_FOLDER,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "view-folders"}),
    )
    is_shared = forms.BooleanField(
        label="Share with everybody in this workspace",
        required=False,
        help_text="They see its name, folder and filters. Members with limited access do not.",
    )
    state = forms.CharField(required=False, max_length=8_000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, member: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not member.has_role(Role.ANALYST) and not self.initial.get("is_shared"):
            del self.fields["is_shared"]

    @classmethod
    def of(cls, view: SavedView, member: User) -> "ViewForm":
        """The form filled in with a stored view."""
        initial = {
            "name": view.name,
            "folder": view.folder,
            "is_shared": view.is_shared,
            "state": urlencode(view.parameters),
        }
        return cls(initial=initial, member=member)

    @property
    def parameters(self) -> dict[str, str]:
        return parameters_of(self.cleaned_data["state"])

    def refuse(self, error: ApplicationError) -> None:
        """Put a rule's words beside the field they are about."""
        field = error.extra.get("field")
        self.add_error(field if field in ("name", "folder") else None, error.message)


def parameters_of(state: str) -> dict[str, str]:
    """The page's parameters in the end of an address; whatever else stands there is no part of a view."""
    return {name: value for name, value in parse_qsl(state) if name in PAGE_PARAMETERS}
