"""Forms of the workspace's settings page."""

import calendar
from typing import Any

from django import forms

from costinsights.core.errors import ApplicationError
from costinsights.costs.forms import currency_choices
from costinsights.workspace.settings.logo import LONGEST_SIDE, MOST_BYTES
from costinsights.workspace.settings.services import WorkspaceSettings
from costinsights.workspace.settings.zones import zone_choices

MONTHS = [(number, calendar.month_name[number]) for number in range(1, 13)]


class SettingsForm(forms.Form):
    """Name, currency, time zone and fiscal year, with what they were when the page was drawn."""

    name = forms.CharField(label="Name", max_length=120)
    reporting_currency = forms.ChoiceField(
        label="Reporting currency",
        choices=currency_choices,
        help_text="Costs in other currencies are converted to it with your exchange rates.",
    )
    display_time_zone = forms.ChoiceField(
        label="Time zone",
        choices=zone_choices,
        help_text="For instants, such as when something happened. Days and hours of costs stay UTC.",
    )
    fiscal_year_start_month = forms.TypedChoiceField(
        label="Fiscal year starts in",
        choices=MONTHS,
        coerce=int,
        help_text="Fiscal years and quarters count from the first day of this month.",
    )
    seen_version = forms.CharField(required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, stored: WorkspaceSettings) -> "SettingsForm":
        names = ("name", "reporting_currency", "display_time_zone", "fiscal_year_start_month")
        initial = {name: getattr(stored, name) for name in names}
        return cls(initial={**initial, "seen_version": stored.version})

    def changes(self) -> dict[str, Any]:
        """What was typed, without the version."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen_version"}

    def refuse(self, error: ApplicationError) -> None:
        """Put a rule's words beside the field they are about."""
        field = error.extra.get("field")
        self.add_error(field if field in self.fields else None, error.message)


class LogoForm(forms.Form):
    """A picture for the top bar."""

    logo = forms.FileField(
        label="Picture",
        help_text=f"PNG, JPEG or WebP of at most {MOST_BYTES // 1024} kB. It is kept as a PNG of at most "
        f"{LONGEST_SIDE} pixels a side.",
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )

    def clean_logo(self) -> bytes:
        file = self.cleaned_data["logo"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"The picture is larger than {MOST_BYTES // 1024} kB.")
        content: bytes = file.read()
        return content
