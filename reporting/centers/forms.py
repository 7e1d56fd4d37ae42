"""Forms of cost centres and rules. They know shapes; the rules are in the services, and their words come back here."""

from collections.abc import Sequence
from typing import Any

from django import forms

from costinsights.core.csv_files import MOST_BYTES
from costinsights.core.errors import ApplicationError
from costinsights.costs.parameters import LONGEST_FILTER
from reporting.allocation.types import Driver, Fallback, PoolSource, ShareMethod
from reporting.centers import rules, services, shares
from reporting.centers.checks import LONGEST_NAME, LONGEST_NOTE
from reporting.centers.words import DRIVER_NAMES, FALLBACK_NAMES, METHOD_NAMES, SOURCE_NAMES
from reporting.models import CenterLevel, CostCenter, MappingRule, ShareRule


def _day(label: str, help_text: str) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, help_text=help_text)


class TargetsField(forms.CharField):
    """Codes with a number behind each, a line each: `CC100 60`."""

    def __init__(self, *, alone: str, **options: Any) -> None:
        widget = forms.Textarea(
            attrs={
                "rows": 4,
                "spellcheck": "false",
                "autocomplete": "off",
                "class": "font-monospace",
            }
        )
        super().__init__(widget=widget, max_length=20_000, **options)
        self.alone = alone

    def clean(self, value: Any) -> Any:
        found = []
        for line in super().clean(value).splitlines():
            words = line.replace(",", " ").replace(":", " ").split()
            if len(words) > 2:
                raise forms.ValidationError(
                    "Write a code and a number on each line, such as CC100 60."
                )
            if words:
                found.append((words[0], words[1] if len(words) == 2 else self.alone))
        return found


def lines_of(targets: Sequence[tuple[str, Any]]) -> str:
    """As the field takes them."""
    return "\n".join(f"{code} {number}" for code, number in targets)


class ConfigurationForm(forms.Form):
    """What the forms share: dates, note, and where refusals go."""

    def refuse(self, error: ApplicationError) -> None:
        """Put a rule's words beside the field they are about."""
        field = error.extra.get("field")
        self.add_error(field if field in self.fields else None, error.message)


class CenterForm(ConfigurationForm):
    """A unit of the tree, new or stored."""

    code = forms.CharField(
        label="Code",
        max_length=32,
        help_text="As the general ledger knows it; statements carry it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "CC100"}),
    )
    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    level = forms.ChoiceField(
        label="Level",
        choices=CenterLevel.choices,
        help_text="Only cost centres are charged; the levels above add up.",
    )
    parent = forms.ChoiceField(label="Under", required=False)
    owner_name = forms.CharField(label="Owner", max_length=LONGEST_NAME, required=False)
    owner_email = forms.EmailField(
        label="Owner’s e-mail",
        required=False,
        help_text="A member with this address sees its statements.",
    )
    gl_account = forms.CharField(
        label="GL account", max_length=services.LONGEST_ACCOUNT, required=False
    )
    valid_from = _day("Valid from", "Empty: always was.")
    valid_to = _day("Valid until", "The first day on which it is charged no more.")
    readers = forms.CharField(
        label="Readers",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
        help_text="E-mails of members who see its statements and those below it.",
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, center: CostCenter | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = CostCenter.objects.exclude(level=CenterLevel.COST_CENTER)
        if center is not None:
            units = units.exclude(pk=center.pk)
        parent: Any = self.fields["parent"]
        parent.choices = [("", "Nothing: at the top"), *((one.code, str(one)) for one in units)]

    @classmethod
    def of(cls, center: CostCenter) -> "CenterForm":
        """Filled in with a stored one."""
        readers = "\n".join(member.email for member in center.readers.all())
        return cls(initial={**services.values_of(center), "readers": readers}, center=center)

    def draft(self) -> services.CenterDraft:
        """What was typed, checked. Raises InvalidInput."""
        given = dict(self.cleaned_data)
        given["readers"] = given["readers"].replace(",", " ").split()
        return services.checked_center(**given)


class CenterImportForm(forms.Form):
    """A CSV file of cost centres."""

    file = forms.FileField(
        label="CSV file",
        help_text="All lines are taken or none. Known codes are changed, none is deleted.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )
    dry_run = forms.BooleanField(label="Only say what it would do", required=False)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"The file is larger than {MOST_BYTES // 1_000} kB.")
        return file


class _RuleForm(ConfigurationForm):
    """What mapping and share rules have in common."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    is_active = forms.BooleanField(label="Switched on", required=False, initial=True)
    valid_from = _day("Valid from", "Empty: always was.")
    valid_to = _day("Valid until", "The first day on which it no longer holds.")
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def _filter(*, help_text: str, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label="Filter",
        required=required,
        max_length=LONGEST_FILTER,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": 'namespace:"checkout"',
                "class": "font-monospace",
            }
        ),
        help_text=help_text,
    )


class MappingForm(_RuleForm):
    """A mapping rule, new or stored."""

    filter = _filter(
        help_text="On cluster, namespace, controllerKind, controllerName, label[name] or annotation[name]. "
        "Empty matches everything that no rule above took."
    )
    targets = TargetsField(
        alone="100",
        label="Who pays",
        help_text="A cost centre’s code and its percent on each line, such as CC100 60. Together 100.",
    )

    @classmethod
    def of(cls, rule: MappingRule) -> "MappingForm":
        """Filled in with a stored one."""
        values = rules.values_of(rule)
        return cls(initial={**values, "targets": lines_of(values["targets"])})

    def draft(self) -> rules.MappingDraft:
        """What was typed, checked. Raises InvalidInput."""
        return rules.checked_mapping(**self.cleaned_data)


class ShareForm(_RuleForm):
    """A share rule, new or stored."""

    source = forms.ChoiceField(
        label="What is shared", choices=[(one.value, SOURCE_NAMES[one]) for one in PoolSource]
    )
    filter = _filter(
        help_text="Of costs that match a filter: which. Of idle, unmounted and overhead: which clusters."
    )
    fixed_amount = forms.CharField(
        label="Amount a month",
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="Of a fixed amount only.",
    )
    fixed_currency = forms.CharField(
        label="Its currency", required=False, max_length=3, help_text="ISO 4217, such as EUR."
    )
    method = forms.ChoiceField(
        label="How it is spread",
        choices=[(one.value, METHOD_NAMES[one]) for one in ShareMethod],
        initial=ShareMethod.PROPORTIONAL.value,
    )
    driver = forms.ChoiceField(
        label="In proportion to",
        choices=[(one.value, DRIVER_NAMES[one].capitalize()) for one in Driver],
        help_text="Of the method “in proportion” only.",
    )
    fallback = forms.ChoiceField(
        label="When nobody has any of it",
        choices=[(one.value, FALLBACK_NAMES[one]) for one in Fallback],
    )
    by_cluster = forms.BooleanField(
        label="Each cluster’s by itself, over the costs in that cluster", required=False
    )
    targets = TargetsField(
        alone="1",
        label="Who may get a part",
        required=False,
        help_text="Codes, one on each line; a department stands for all below it. Empty: every cost centre with "
        "direct cost. For fixed weights with a number each, such as CC100 3.",
    )

    @classmethod
    def of(cls, rule: ShareRule) -> "ShareForm":
        """Filled in with a stored one."""
        values = shares.values_of(rule)
        return cls(initial={**values, "targets": lines_of(values["targets"])})

    def clean_targets(self) -> list[tuple[str, int]]:
        """Whole weights."""
        found = []
        for code, text in self.cleaned_data["targets"]:
            if not (text.isascii() and text.isdigit() and len(text) <= 7):
                raise forms.ValidationError("A weight is a whole number, such as 3.")
            found.append((code, int(text)))
        return found

    def draft(self) -> shares.ShareDraft:
        """What was typed, checked. Raises InvalidInput."""
        return shares.checked_share(**self.cleaned_data)
