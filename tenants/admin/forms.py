"""The fields of the admin's own pages."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tenants.features import Feature
from tenants.models import Plan, Tenant, slug_validator


def text_field(label: str, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=UnfoldAdminTextInputWidget(), **options)


def reason_field() -> forms.CharField:
    return forms.CharField(
        label="Reason",
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Kept in the audit log, where the workspace's owners read it too.",
    )


def plan_field(label: str = "Plan") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=Plan.choices, widget=UnfoldAdminSelectWidget())


class NewTenantForm(forms.Form):
    name = text_field("Name", max_length=120, help_text="What people call it: Acme Ltd.")
    slug = text_field(
        "Short name",
        max_length=40,
        validators=[slug_validator],
        help_text="Its part of the address: lower-case letters, digits and hyphens.",
    )
    plan = plan_field()
    reporting_currency = text_field(
        "Reporting currency", max_length=3, min_length=3, initial="USD", help_text="ISO 4217: USD."
    )
    owner_email = forms.EmailField(
        label="First owner's e-mail",
        widget=UnfoldAdminEmailInputWidget(),
        help_text="Gets an invitation as soon as the workspace stands.",
    )

    def clean_reporting_currency(self) -> str:
        return str(self.cleaned_data["reporting_currency"]).upper()


class RenameForm(forms.Form):
    name = text_field("Name", max_length=120)


class PlanForm(forms.Form):
    plan = plan_field()
    reason = reason_field()


class TrialForm(forms.Form):
    plan = plan_field("Plan to try")
    days = forms.IntegerField(
        label="Days",
        min_value=1,
        max_value=365,
        initial=14,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="From now. Afterwards the data stay readable for 30 days.",
    )
    reason = reason_field()


class ReasonForm(forms.Form):
    reason = reason_field()


class DomainForm(forms.Form):
    domain = text_field(
        "Host name",
        max_length=253,
        help_text="Such as costs.example.com. It must lead to this installation.",
    )


class NoFieldsForm(forms.Form):
    """A confirmation without a question."""


class TypedSlugForm(forms.Form):
    """A deletion needs the short name, typed by hand."""

    typed = text_field("Type the short name to confirm", max_length=40)

    def __init__(self, *args: Any, slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slug = slug
        self.fields["typed"].widget.attrs.update(autocomplete="off", spellcheck="false")

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"]).strip()
        if typed != self.slug:
            raise forms.ValidationError(f"Type “{self.slug}”. Nothing was deleted.")
        return typed


class OverrideForm(forms.Form):
    tenant = forms.ModelChoiceField(
        queryset=Tenant.objects.all(), label="Tenant", widget=UnfoldAdminSelectWidget()
    )
    feature = forms.ChoiceField(
        label="Feature",
        choices=[(feature.value, feature.value.replace("_", " ")) for feature in Feature],
        widget=UnfoldAdminSelectWidget(),
    )
    is_open = forms.TypedChoiceField(
        label="What it does",
        choices=[("1", "Gives the feature"), ("0", "Takes the feature away")],
        coerce=lambda value: value == "1",
        initial="1",
        widget=UnfoldAdminRadioSelectWidget(),
    )
    days = forms.IntegerField(
        label="Ends after days",
        required=False,
        min_value=1,
        max_value=3650,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="Empty: until somebody removes it.",
    )
    reason = reason_field()

    def expires_at(self) -> dt.datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + dt.timedelta(days=days) if days else None
