"""Staff themselves: who they are, what they may, and their second factor. Superusers only."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from tenants.admin.base import column, row_or_404, staff_of
from tenants.admin.forms import ReasonForm
from tenants.admin.pages import FormPage
from tenants.models import StaffUser
from tenants.staff import second_factor


class SuperusersOnly(ModelAdmin):  # type: ignore[misc]  # django-unfold has no types
    """Who could change rights could give themselves all of them: no group may."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what somebody did stays theirs: deactivate instead


class StaffUserForm(UserChangeForm):  # type: ignore[misc]  # as above
    def clean_is_superuser(self) -> bool:
        return self._keep_one_superuser("is_superuser")

    def clean_is_active(self) -> bool:
        return self._keep_one_superuser("is_active")

    def _keep_one_superuser(self, name: str) -> bool:
        value = bool(self.cleaned_data[name])
        others = StaffUser.objects.filter(is_superuser=True, is_active=True)
        if (
            not value
            and self.instance.is_superuser
            and not others.exclude(pk=self.instance.pk).exists()
        ):
            raise forms.ValidationError("The platform keeps at least one active superuser.")
        return value


@admin.register(StaffUser)
class StaffUserAdmin(SuperusersOnly, UserAdmin[StaffUser]):
    form = StaffUserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "rights", "factor", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    search_fields = ("email", "name")
    readonly_fields = ("last_login", "created_at", "authenticator")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("email", "name", "password", "authenticator")}),
        ("Rights", {"fields": ("is_active", "is_superuser", "groups")}),
        ("Dates", {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "name", "usable_password", "password1", "password2"),
            },
        ),
        ("Rights", {"fields": ("is_superuser", "groups")}),
    )

    @column(description="rights")
    def rights(self, row: StaffUser) -> str:
        if row.is_superuser:
            return "superuser"
        return ", ".join(group.name for group in row.groups.all()) or "none"

    @column(description="second factor", label={"enrolled": "success", "at next sign-in": ""})
    def factor(self, row: StaffUser) -> str:
        return "enrolled" if second_factor.confirmed_device(row) else "at next sign-in"

    @column(description="authenticator app")
    def authenticator(self, row: StaffUser) -> str:
        device = second_factor.confirmed_device(row) if row.pk else None
        if device is None:
            return "None yet: enrolled at the next sign-in."
        left = second_factor.recovery_codes_left(row)
        return format_html(
            'Confirmed {}, {} recovery codes left. <a class="text-link" href="{}">Reset</a>',
            f"{device.confirmed_at:%d %B %Y}",
            left,
            reverse("admin:reset-second-factor", args=[row.pk]),
        )


@admin.register(Group)
class StaffGroupAdmin(SuperusersOnly, GroupAdmin):
    """Groups of rights. “Operations” and “Support” are kept by migrate_schemas."""

    search_fields: ClassVar[list[str]] = ["name"]
    filter_horizontal = ()


class ResetSecondFactor(FormPage):
    form_class = ReasonForm
    title = "Reset an authenticator app"
    submit_label = "Reset"
    is_danger = True
    member: StaffUser

    def allow(self, request: HttpRequest) -> None:
        if not staff_of(request).is_superuser:
            raise PermissionDenied

    def load(self, **kwargs: Any) -> None:
        self.member = row_or_404(StaffUser, kwargs["staff_id"])
        self.intro = (
            f"{self.member.email} is signed out everywhere, the authenticator app and the recovery codes stop "
            "working, and a new app is enrolled at the next sign-in. Make sure that it is really them who asks."
        )

    def apply(self, form: Any) -> str:
        second_factor.reset(self.member, by=self.staff, reason=form.cleaned_data["reason"])
        return f"{self.member.email} enrols a new authenticator app at the next sign-in."

    def back(self) -> str:
        return reverse("admin:tenants_staffuser_change", args=[self.member.pk])
