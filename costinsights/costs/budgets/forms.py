"""The form of a budget. It knows shapes; the rules are in `services`, and their words come back here."""

import datetime as dt
import re
from typing import Any

from django import forms

from costinsights.accounts.models import User
from costinsights.core.errors import ApplicationError
from costinsights.core.money import amount_text
from costinsights.core.tenancy import current_tenant
from costinsights.costs.budgets import services
from costinsights.costs.budgets.models import LONGEST_NAME, LONGEST_NOTE, Budget, BudgetPeriod
from costinsights.costs.forms import currency_choices
from costinsights.costs.models import Cluster
from costinsights.costs.parameters import LONGEST_FILTER

_IDLE = (
    ("separate", "Counts, as OpenCost gives it"),
    ("share", "Counts, shared over the workloads"),
    ("hide", "Does not count"),
)
# The rules call a field by the API's name.
_FIELDS = {"filter": "filter_text", "cluster": "clusters"}


class PercentsField(forms.CharField):
    """Percents as people write them: `50, 80, 100`."""

    def clean(self, value: Any) -> Any:
        words = [word for word in re.split(r"[\s,;%]+", super().clean(value)) if word]
        if not all(word.isascii() and word.isdigit() and len(word) <= 6 for word in words):
            raise forms.ValidationError(
                "Write whole percents with commas between, such as 50, 80, 100."
            )
        return [int(word) for word in words]


class BudgetForm(forms.Form):
    """A budget, new or stored."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    amount = forms.CharField(
        label="Amount",
        max_length=30,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "2500"}
        ),
    )
    currency = forms.ChoiceField(label="Currency", choices=currency_choices)
    period = forms.ChoiceField(
        label="Lasts",
        choices=BudgetPeriod.choices,
        help_text="Quarters are those of the workspace's fiscal year.",
    )
    filter_text = forms.CharField(
        label="Filter",
        required=False,
        max_length=LONGEST_FILTER,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": 'namespace:"checkout"',
            }
        ),
        help_text="As on the history page; empty for all costs.",
    )
    clusters = forms.MultipleChoiceField(
        label="Clusters",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen means all, also those connected later.",
    )
    idle = forms.ChoiceField(label="Idle cost", choices=_IDLE)
    actual_thresholds = PercentsField(
        label="Tell at, of actual cost",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Percents of the amount.",
    )
    forecast_thresholds = PercentsField(
        label="Tell at, of the forecast",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Percents that the period is expected to end at.",
    )
    owner = forms.ChoiceField(
        label="Owner", required=False, help_text="Gets a mail for each threshold reached."
    )
    valid_from = forms.DateField(
        label="Counts from",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    valid_until = forms.DateField(
        label="Counts until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label="Note", required=False, max_length=LONGEST_NOTE, widget=forms.Textarea({"rows": 2})
    )
    seen_at = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, budget: Budget | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget = budget
        known = list(Cluster.objects.in_order().values_list("slug", "name"))
        slugs = {slug for slug, _ in known}
        gone = [slug for slug in (budget.clusters if budget else []) if slug not in slugs]
        clusters: Any = self.fields["clusters"]
        clusters.choices = [*known, *((slug, f"{slug} (removed)") for slug in gone)]
        owner: Any = self.fields["owner"]
        owner.choices = [("", "Nobody"), *_owners(budget)]

    @classmethod
    def new(cls, *, by: User, now: dt.datetime, given: dict[str, Any]) -> "BudgetForm":
        """An empty form, with a scope that another page brought along."""
        return cls(
            initial={
                "currency": current_tenant().reporting_currency,
                "period": BudgetPeriod.MONTH,
                "idle": "separate",
                "actual_thresholds": "50, 80, 100",
                "forecast_thresholds": "100",
                "owner": by.email,
                "valid_from": now.date().replace(day=1),
                **given,
            }
        )

    @classmethod
    def of(cls, budget: Budget) -> "BudgetForm":
        """The form filled in with a stored budget."""
        return cls(
            budget=budget,
            initial={
                "name": budget.name,
                "amount": amount_text(budget.amount).rstrip("0").rstrip("."),
                "currency": budget.currency,
                "period": budget.period,
                "filter_text": budget.filter_text,
                "clusters": budget.clusters,
                "idle": budget.idle,
                "actual_thresholds": ", ".join(map(str, budget.actual_thresholds)),
                "forecast_thresholds": ", ".join(map(str, budget.forecast_thresholds)),
                "owner": budget.owner.email if budget.owner else "",
                "valid_from": budget.valid_from,
                "valid_until": budget.valid_until,
                "note": budget.note,
                "seen_at": budget.updated_at.isoformat(),
            },
        )

    def draft(self, *, by: User, now: dt.datetime) -> services.BudgetDraft:
        """What was typed, checked. Raises InvalidInput, NotAllowed."""
        given = dict(self.cleaned_data)
        given.pop("seen_at")
        return services.checked_draft(
            filter=given.pop("filter_text"),
            cluster=given.pop("clusters"),
            owner=given.pop("owner") or None,
            by=by,
            now=now,
            like=self.budget,
            **given,
        )

    @property
    def last_seen_at(self) -> dt.datetime | None:
        """The stored budget's age when the page was shown; None where the page did not say."""
        try:
            return dt.datetime.fromisoformat(self.cleaned_data.get("seen_at") or "")
        except ValueError:
            return None

    def refuse(self, error: ApplicationError) -> None:
        """Put a rule's words beside the field they are about."""
        field = str(error.extra.get("field") or "")
        field = _FIELDS.get(field, field)
        self.add_error(field if field in self.fields else None, error.message)


def _owners(budget: Budget | None) -> list[tuple[str, str]]:
    members = [
        (member.email, member.display_name)
        for member in User.objects.filter(is_active=True).order_by("email")
        if not member.is_limited
    ]
    owner = budget.owner if budget else None
    if owner is not None and owner.email not in dict(members):
        members.append((owner.email, f"{owner.display_name} (gets no mail)"))
    return members
