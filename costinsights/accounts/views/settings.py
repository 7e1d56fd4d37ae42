"""A member's own settings: name and password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from costinsights.accounts import services, tasks
from costinsights.accounts.forms import ChangePasswordForm, ProfileForm
from costinsights.accounts.permissions import MemberRequiredMixin
from costinsights.accounts.single_sign_on.selectors import may_use_password
from costinsights.accounts.views.security import security_context
from costinsights.core.errors import InvalidInput


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, template, context, status=status)


class ProfilePage(MemberRequiredMixin):
    """Name and password on one page, as two forms with an address each."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer()

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProfileForm(request.POST)
        if not form.is_valid():
            return self.answer(profile=form, status=422)
        services.rename_user(user=self.member, name=form.cleaned_data["name"])
        messages.success(request, "Your name is saved.")
        return redirect("profile")

    def answer(
        self,
        profile: ProfileForm | None = None,
        password: ChangePasswordForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        member = self.member
        context = {
            "profile_form": profile or ProfileForm(initial={"name": member.name}),
            "password_form": password or ChangePasswordForm(user=member),
            "may_use_password": may_use_password(member),
            "account": member,
            **security_context(self.request, member),
        }
        return _page(self.request, "accounts/profile.html", context, status)


@method_decorator(sensitive_post_parameters("current", "password", "repeated"), name="dispatch")
class ChangePassword(ProfilePage):
    """Sets a new password, ends the member's other sessions and keeps this one under a new key."""

    http_method_names = ["get", "post"]  # noqa: RUF012  Django's own attribute

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("profile")

    def post(self, request: HttpRequest) -> HttpResponse:
        member = self.member
        if not may_use_password(member):
            raise PermissionDenied("Only owners of this workspace sign in with a password.")
        form = ChangePasswordForm(request.POST, user=member)
        if not form.is_valid():
            return self.answer(password=form, status=422)
        try:
            services.change_password(
                user=member,
                password=form.cleaned_data["password"],
                keep_session=request.session.session_key,
            )
        except InvalidInput as refusal:
            form.add_error("password", refusal.message)
            return self.answer(password=form, status=422)
        update_session_auth_hash(request, member)  # type: ignore[arg-type]  # typed for staff
        tasks.send_password_changed.enqueue_on_commit(user_id=member.pk)
        messages.success(request, "Your password is changed. Your other sessions are signed out.")
        return redirect("profile")
