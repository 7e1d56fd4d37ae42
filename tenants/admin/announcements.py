"""What staff tell every workspace."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminURLInputWidget

from costinsights.core.notices import Notice
from tenants import announcements
from tenants.admin.base import StaffAdmin, column, require, row_or_404
from tenants.models import Announcement, Plan


class AnnouncementForm(forms.ModelForm[Announcement]):
    plans = forms.MultipleChoiceField(
        choices=Plan.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="None ticked: every plan.",
    )

    link = forms.URLField(required=False, assume_scheme="https", widget=UnfoldAdminURLInputWidget())

    class Meta:
        model = Announcement
        fields: ClassVar[list[str]] = [
            "title",
            "text",
            "link",
            "level",
            "plans",
            "starts_at",
            "ends_at",
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", "The end must be after the start.")
        return cleaned


@admin.register(Announcement)
class AnnouncementAdmin(StaffAdmin):
    """Banners on tenants' pages, by plan and time. All instants are UTC."""

    form = AnnouncementForm
    list_display = ("title", "state", "level_shown", "for_plans", "starts_at", "ends_at", "preview")
    list_filter = ("level",)
    search_fields = ("title", "text")
    ordering = ("-starts_at",)

    @column(description="state", label={"shown now": "success", "planned": "info", "over": ""})
    def state(self, row: Announcement) -> str:
        now = timezone.now()
        if row.starts_at > now:
            return "planned"
        return "over" if row.ends_at is not None and row.ends_at <= now else "shown now"

    @column(
        description="level",
        ordering="level",
        label={"Information": "info", "Warning": "warning", "Disruption": "danger"},
    )
    def level_shown(self, row: Announcement) -> str:
        return row.get_level_display()

    @column(description="plans")
    def for_plans(self, row: Announcement) -> str:
        return ", ".join(str(Plan(plan).label) for plan in row.plans) or "every plan"

    @column(description="preview")
    def preview(self, row: Announcement) -> str:
        return format_html(
            '<a class="text-link" href="{}">Preview<span class="sr-only"> of {}</span></a>',
            reverse("admin:announcement-preview", args=[row.pk]),
            row.title,
        )

    def save_model(self, request: HttpRequest, obj: Announcement, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(announcements.forget)

    def delete_model(self, request: HttpRequest, obj: Announcement) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(announcements.forget)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Announcement]) -> None:
        super().delete_queryset(request, queryset)
        transaction.on_commit(announcements.forget)


def preview_page(request: HttpRequest, announcement_id: int) -> HttpResponse:
    """The banner as tenants see it, in their style sheet."""
    require(request, "tenants.view_announcement")
    row = row_or_404(Announcement, announcement_id)
    notice: Notice = announcements.as_notice(row)
    context = {"announcement": row, "notices": [notice]}
    return render(request, "staff/announcement_preview.html", context)
