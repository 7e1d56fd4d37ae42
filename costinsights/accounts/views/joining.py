"""Where the link of an invitation leads.

Its secret moves into the session and the browser to an address without it, so that it appears in no Referer and no
history. An unusable link gets one page, whatever is wrong with it.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from costinsights.accounts import invitations
from costinsights.accounts.member_forms import JoinForm
from costinsights.accounts.models import Invitation, Role
from costinsights.accounts.signing_in import SignInMethod, finish_sign_in
from costinsights.core.errors import ApplicationError, InvalidInput

SECRET_KEY = "invitation_secret"  # noqa: S105  the session's key for it


@method_decorator(never_cache, name="dispatch")
class OpenInvitation(View):
    http_method_names = ["get"]  # noqa: RUF012  Django's own attribute

    def get(self, request: HttpRequest, invitation_secret: str) -> HttpResponse:
        try:
            invitations.find(invitation_secret, at=timezone.now())
        except invitations.InvitationUnusable:
            return unusable(request)
        request.session[SECRET_KEY] = invitation_secret
        return redirect("invitation-accept")


@method_decorator([sensitive_post_parameters("password", "repeated"), never_cache], name="dispatch")
class AcceptInvitation(View):
    """Name and password, and the member is in. Where members sign in elsewhere, only the name."""

    http_method_names = ["get", "post"]  # noqa: RUF012  Django's own attribute

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            invitation = self.invitation()
        except invitations.InvitationUnusable:
            return unusable(request)
        return self.answer(invitation, self.form(invitation))

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            invitation = self.invitation()
            form = self.form(invitation, request.POST)
            if not form.is_valid():
                return self.answer(invitation, form, status=422)
            user = invitations.accept(
                secret=request.session[SECRET_KEY],
                name=form.cleaned_data["name"],
                password=form.cleaned_data.get("password"),
                at=timezone.now(),
            )
        except invitations.InvitationUnusable:
            return unusable(request)
        except InvalidInput as refusal:
            form.add_error("password" if "password" in form.fields else None, refusal.message)
            return self.answer(invitation, form, status=422)
        except ApplicationError as refusal:
            form.add_error(None, refusal.message)
            return self.answer(invitation, form, status=refusal.status)
        del request.session[SECRET_KEY]
        if "password" not in form.fields:
            messages.success(request, "You are a member now. Sign in as your workspace does.")
            return redirect("sign-in")
        return finish_sign_in(
            request, user, next_path=resolve_url("overview"), method=SignInMethod.INVITATION
        )

    def invitation(self) -> Invitation:
        return invitations.find(self.request.session.get(SECRET_KEY, ""), at=timezone.now())

    def form(self, invitation: Invitation, data: Any = None) -> JoinForm:
        return JoinForm(data, needs_password=invitations.needs_password(invitation))

    def answer(self, invitation: Invitation, form: JoinForm, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "invitation": invitation,
            "role": Role(invitation.role).label,
            "inviter": invitation.invited_by.display_name if invitation.invited_by else "",
        }
        return render(self.request, "accounts/join.html", context, status=status)


def unusable(request: HttpRequest) -> HttpResponse:
    """Wrong, used, revoked or too old: one page for all of them."""
    request.session.pop(SECRET_KEY, None)
    return render(request, "accounts/invitation_unusable.html", status=410)
