"""A member's own settings: name, password, API tokens."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, View

from costinsights.accounts import services, tasks
from costinsights.accounts.forms import ChangePasswordForm, NewTokenForm, ProfileForm
from costinsights.accounts.models import ApiToken
from costinsights.accounts.permissions import MemberRequiredMixin
from costinsights.core.errors import ApplicationError, InvalidInput, NotFound
from costinsights.core.tenancy import absolute_url, current_tenant


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
            "account": member,
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


@method_decorator(never_cache, name="dispatch")
class TokenListPage(MemberRequiredMixin, FormView[NewTokenForm]):
    """The member's API tokens and a form for another. A new token is shown in the answer, once."""

    form_class = NewTokenForm
    template_name = "accounts/tokens.html"

    def form_valid(self, form: NewTokenForm) -> HttpResponse:
        try:
            new = services.create_token(
                user=self.member,
                name=form.cleaned_data["name"],
                scopes=form.scopes,
                lifetime=form.lifetime,
                at=timezone.now(),
            )
        except ApplicationError as refusal:
            form.add_error(None, refusal.message)
            return self.form_invalid(form)
        address = absolute_url(current_tenant(), reverse("api-me"))
        context = {
            "token": new.token,
            "text": new.text,
            "example": f'curl -H "Authorization: Bearer $TOKEN" {address}',
        }
        return _page(self.request, "accounts/token_created.html", context, status=201)

    def form_invalid(self, form: NewTokenForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        tokens = ApiToken.objects.of(self.member)
        rows = [{"token": token, "state": token.state(now)} for token in tokens]
        return super().get_context_data(**kwargs, rows=rows)


class RevokeToken(MemberRequiredMixin, View):
    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        try:
            token = services.revoke_token(user=self.member, key_id=key_id, at=timezone.now())
        except NotFound as error:
            raise Http404 from error
        messages.success(request, f"The token “{token.name}” is revoked.")
        return redirect("token-list")
