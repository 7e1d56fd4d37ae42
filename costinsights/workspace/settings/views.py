"""The workspace's settings page, and its logo."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control

from costinsights.accounts.models import Workspace
from costinsights.accounts.permissions import MemberRequiredMixin, RoleRequiredMixin
from costinsights.core.errors import ApplicationError
from costinsights.workspace.settings.forms import LogoForm, SettingsForm
from costinsights.workspace.settings.logo import (
    MEDIA_TYPE,
    remove_logo,
    set_logo,
    stored_logo,
)
from costinsights.workspace.settings.services import (
    SettingsChanged,
    WorkspaceSettings,
    change_settings,
)


class SettingsPage(RoleRequiredMixin):
    """Name, currency, time zone, fiscal year and logo; for admins and owners."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer()

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SettingsForm(request.POST)
        if not form.is_valid():
            return self.answer(form=form, status=422)
        try:
            change_settings(
                form.changes(),
                at=timezone.now(),
                seen_version=form.cleaned_data["seen_version"],
            )
        except SettingsChanged as refused:
            # What was typed stays; saving once more is now a decision made in the sight of the warning.
            stored = WorkspaceSettings.now()
            form = SettingsForm({**request.POST.dict(), "seen_version": stored.version})
            form.is_valid()
            form.refuse(refused)
            return self.answer(form=form, stored=stored, status=422)
        except ApplicationError as refused:
            form.refuse(refused)
            return self.answer(form=form, status=422)
        messages.success(request, "The settings are saved.")
        return redirect("workspace-settings")

    def answer(
        self,
        *,
        form: SettingsForm | None = None,
        logo_form: LogoForm | None = None,
        stored: WorkspaceSettings | None = None,
        status: int = 200,
    ) -> HttpResponse:
        workspace = Workspace.load()
        context: dict[str, Any] = {
            "form": form or SettingsForm.of(WorkspaceSettings.now()),
            "logo_form": logo_form or LogoForm(),
            "stored": stored,
            "logo_digest": workspace.logo_digest,
            "checklist_hidden": workspace.checklist_hidden_at is not None,
        }
        return render(self.request, "workspace/settings.html", context, status=status)


class LogoUpload(SettingsPage):
    """Takes a picture."""

    http_method_names = ["get", "post"]  # noqa: RUF012  Django's own attribute

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("workspace-settings")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LogoForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.answer(logo_form=form, status=422)
        try:
            set_logo(form.cleaned_data["logo"], at=timezone.now())
        except ApplicationError as refused:
            form.add_error("logo", refused.message)
            return self.answer(logo_form=form, status=422)
        messages.success(request, "The logo is saved.")
        return redirect("workspace-settings")


class LogoRemove(RoleRequiredMixin):
    """Forgets the picture."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest) -> HttpResponse:
        remove_logo(at=timezone.now())
        messages.success(request, "The logo is removed.")
        return redirect("workspace-settings")


class LogoPicture(MemberRequiredMixin):
    """The picture itself, for members. Its address carries its digest, so a browser may keep it for good."""

    def get(self, request: HttpRequest) -> HttpResponse:
        picture, digest = stored_logo()
        if not picture:
            raise Http404("This workspace has no logo.")
        response = HttpResponse(picture, content_type=MEDIA_TYPE)
        response["Content-Disposition"] = 'inline; filename="logo.png"'
        response["ETag"] = f'"{digest}"'
        lasts = 31_536_000 if request.GET.get("v") == digest[:16] else 0
        patch_cache_control(response, private=True, max_age=lasts)
        return response
