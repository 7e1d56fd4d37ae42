"""Which plan has which feature, and the exceptions for single tenants."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from tenants.admin.base import ReadOnlyAdmin, column, page, require, row_or_404
from tenants.admin.forms import OverrideForm, ReasonForm
from tenants.admin.pages import FormPage
from tenants.features import Feature
from tenants.models import FeatureOverride, FeatureSwitch, Plan
from tenants.offers import WHAT_IT_DOES
from tenants.trials import override_feature, remove_override

COLUMNS = ("active", *Plan.values)


@admin.register(FeatureSwitch)
class FeatureSwitchAdmin(ReadOnlyAdmin):
    """Every switch on one page: a row per feature, a column per plan, the kill switch in front."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("tenants.change_featureswitch"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:tenants_featureswitch_changelist"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        require(request, "tenants.view_featureswitch")
        if request.method == "POST":
            require(request, "tenants.change_featureswitch")
            changed = _apply(request)
            messages.success(request, _said(changed))
            return HttpResponseRedirect(reverse("admin:tenants_featureswitch_changelist"))
        switches = list(FeatureSwitch.objects.annotate(exceptions=Count("overrides")))
        of_features = {switch.name: switch for switch in switches if not switch.is_of_platform}
        context = {
            "title": "Feature switches",
            "plans": Plan.choices,
            "rows": [
                _row(of_features[feature.value], *WHAT_IT_DOES[feature])
                for feature in Feature
                if feature.value in of_features
            ],
            "platform": [
                _row(switch, switch.name.replace("_", " ").capitalize(), switch.note or "")
                for switch in switches
                if switch.is_of_platform
            ],
            "may_change": self.has_change_permission(request),
        }
        return page(self.admin_site, request, "admin/staff/switches.html", context)


def _row(switch: FeatureSwitch, name: str, text: str) -> dict[str, Any]:
    return {
        "switch": switch,
        "name": name,
        "text": text,
        "cells": [{"column": column, "on": getattr(switch, column)} for column in COLUMNS],
        "shown": _as_text(switch),
    }


def _as_text(switch: FeatureSwitch) -> str:
    return "".join(str(int(getattr(switch, column))) for column in COLUMNS)


def _apply(request: HttpRequest) -> list[str]:
    """Save what was changed on the page, and only that: a cell that somebody else flipped stays."""
    changed = []
    with transaction.atomic():
        for switch in FeatureSwitch.objects.select_for_update().order_by("pk"):
            shown = request.POST.get(f"shown-{switch.pk}", "")
            if len(shown) != len(COLUMNS):
                continue
            for column, before in zip(COLUMNS, shown, strict=True):
                wanted = f"{switch.pk}-{column}" in request.POST
                if wanted != (before == "1") and getattr(switch, column) != wanted:
                    setattr(switch, column, wanted)
                    changed.append(f"{switch.name} {column} {'on' if wanted else 'off'}")
            switch.modified = timezone.now()
            switch.save()
    return changed


def _said(changed: list[str]) -> str:
    return f"Saved: {', '.join(changed)}." if changed else "Nothing was changed."


@admin.register(FeatureOverride)
class FeatureOverrideAdmin(ReadOnlyAdmin):
    """Exceptions for one tenant: a feature given or taken, with a reason, until a day."""

    list_display = ("tenant", "feature", "effect", "state", "expires_at", "actor", "reason")
    list_filter = ("switch__name", "is_open", "tenant__plan")
    search_fields = ("tenant__name", "tenant__slug", "reason")
    list_select_related = ("tenant", "switch", "actor")
    ordering = ("-created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("tenants.add_featureoverride"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return AddOverride.as_view(site=self.admin_site)(request)  # type: ignore[return-value]  # a template response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:override-remove", args=[object_id]))

    @column(description="feature", ordering="switch__name")
    def feature(self, row: FeatureOverride) -> str:
        return str(row.switch.name)

    @column(description="effect", label={"gives": "success", "takes": "danger"})
    def effect(self, row: FeatureOverride) -> str:
        return "gives" if row.is_open else "takes"

    @column(description="state", label={"in force": "info", "ended": ""})
    def state(self, row: FeatureOverride) -> str:
        return "in force" if row.is_in_force(timezone.now()) else "ended"

    def get_queryset(self, request: HttpRequest) -> QuerySet[FeatureOverride]:
        found: QuerySet[FeatureOverride] = super().get_queryset(request)
        return found


class AddOverride(FormPage):
    form_class = OverrideForm
    permission = "tenants.add_featureoverride"
    title = "New override"
    intro = (
        "Gives one tenant a feature, or takes it, whatever its plan says. The kill switch stands above it. "
        "An override there was for the same feature is replaced."
    )

    def apply(self, form: Any) -> str:
        override = override_feature(
            tenant=form.cleaned_data["tenant"],
            feature=Feature(form.cleaned_data["feature"]),
            is_open=form.cleaned_data["is_open"],
            reason=form.cleaned_data["reason"],
            actor=self.staff,
            at=timezone.now(),
            expires_at=form.expires_at(),
        )
        return f"Saved: {override}."

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "tenant": self.request.GET.get("tenant")}

    def back(self) -> str:
        return reverse("admin:tenants_featureoverride_changelist")


class RemoveOverride(FormPage):
    form_class = ReasonForm
    permission = "tenants.delete_featureoverride"
    title = "Remove an override"
    submit_label = "Remove"
    is_danger = True
    override: FeatureOverride

    def load(self, **kwargs: Any) -> None:
        self.override = row_or_404(FeatureOverride, kwargs["override_id"])
        self.intro = f"{self.override}: “{self.override.reason}”. The plan decides again."

    def apply(self, form: Any) -> str:
        remove_override(
            tenant=self.override.tenant,
            feature=Feature(self.override.switch.name),
            reason=form.cleaned_data["reason"],
        )
        return "The override is removed: the plan decides again."

    def back(self) -> str:
        return reverse("admin:tenants_featureoverride_changelist")
