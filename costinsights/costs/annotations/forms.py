"""The form of a note."""

from typing import Any

from django import forms

from costinsights.core.errors import ApplicationError
from costinsights.costs.annotations.models import LONGEST_FILTER, LONGEST_TEXT, Annotation
from costinsights.costs.models import Cluster

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class NoteForm(forms.Form):
    """What happened, when, and to which part of the costs."""

    text = forms.CharField(
        label="What happened",
        max_length=LONGEST_TEXT,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "placeholder": "Moved payments to spot nodes"}
        ),
    )
    first_day = forms.DateField(label="Day (UTC)", widget=_DAY)
    last_day = forms.DateField(
        label="Last day", required=False, widget=_DAY, help_text="Only where it took several days."
    )
    cluster = forms.ChoiceField(label="Cluster", required=False)
    filter = forms.CharField(
        label="Filter",
        max_length=LONGEST_FILTER,
        required=False,
        help_text="Where it is about a part of the costs: then pages that look at other parts leave it away.",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": 'namespace:"payments"',
            }
        ),
    )
    back = forms.CharField(required=False, max_length=8_000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clusters = [(cluster.slug, cluster.name) for cluster in Cluster.objects.in_order()]
        choice: Any = self.fields["cluster"]
        choice.choices = [("", "All clusters"), *clusters]

    @classmethod
    def of(cls, row: Annotation, back: str) -> "NoteForm":
        """The form filled in with a stored note."""
        initial = {
            "text": row.text,
            "first_day": row.first_day,
            "last_day": row.last_day if row.last_day != row.first_day else None,
            "cluster": row.cluster.slug if row.cluster else "",
            "filter": row.filter_text,
            "back": back,
        }
        return cls(initial=initial)

    def refuse(self, error: ApplicationError) -> None:
        """Put a rule's words beside the field they are about."""
        field = error.extra.get("field")
        self.add_error(field if field in self.fields else None, error.message)
