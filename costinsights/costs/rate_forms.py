"""Forms of the exchange-rate pages."""

from datetime import datetime
from typing import Any

from django import forms

from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import current_tenant
from costinsights.costs.forms import currency_choices
from costinsights.costs.models import LONGEST_RATE_SOURCE, ExchangeRate
from costinsights.costs.rate_files import MOST_BYTES
from costinsights.costs.rate_services import RateDraft, checked_draft


class RateForm(forms.Form):
    """One rate to the reporting currency (or, for a stored one, to the currency it has)."""

    currency = forms.ChoiceField(label="Currency", choices=currency_choices)
    valid_from = forms.DateField(
        label="Valid from",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="A UTC day. The rate counts until the day of the next one.",
    )
    rate = forms.CharField(
        label="Rate",
        max_length=40,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "1.0855"}
        ),
    )
    source = forms.CharField(
        label="Source",
        max_length=LONGEST_RATE_SOURCE,
        required=False,
        help_text="Where the rate comes from, for whoever checks it later.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "ECB reference rate"}),
    )
    seen_at = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, to_currency: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.to_currency = to_currency or current_tenant().reporting_currency
        self.fields["rate"].help_text = f"How many {self.to_currency} one unit is worth."

    @classmethod
    def of(cls, row: ExchangeRate) -> "RateForm":
        """The form filled in with a stored rate."""
        initial = {
            "currency": row.currency,
            "valid_from": row.valid_from,
            "rate": f"{row.rate.normalize():f}",
            "source": row.source,
            "seen_at": row.updated_at.isoformat(),
        }
        return cls(initial=initial, to_currency=row.to_currency)

    def draft(self) -> RateDraft:
        """What was typed, checked. Raises InvalidInput."""
        given = self.cleaned_data
        return checked_draft(
            currency=given["currency"],
            to_currency=self.to_currency,
            valid_from=given["valid_from"],
            rate=given["rate"],
            source=given["source"],
        )

    @property
    def last_seen_at(self) -> datetime | None:
        """The stored rate's age when the page was shown; None where the page did not say."""
        try:
            return datetime.fromisoformat(self.cleaned_data.get("seen_at") or "")
        except ValueError:
            return None

    def refuse(self, error: ApplicationError) -> None:
        """Put a rule's words beside the field they are about."""
        field = error.extra.get("field")
        self.add_error(field if field in self.fields else None, error.message)


class RateImportForm(forms.Form):
    """A CSV file of rates."""

    file = forms.FileField(
        label="CSV file",
        help_text="Columns currency, valid_from and rate; to_currency and source if you like.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"The file is larger than {MOST_BYTES // 1_000} kB.")
        return file
