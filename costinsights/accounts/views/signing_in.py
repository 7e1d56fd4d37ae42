"""Signing in and out, and the way back in after a forgotten password."""

from typing import Any, cast

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView, View

from costinsights.accounts import passwords, services, tasks
from costinsights.accounts.clients import client_ip, user_agent
from costinsights.accounts.forms import ForgotPasswordForm, NewPasswordForm, SignInForm
from costinsights.accounts.models import User
from costinsights.accounts.permissions import is_member
from costinsights.accounts.redirects import is_own_path, safe_next
from costinsights.core.audit import record_event
from costinsights.core.errors import InvalidInput
from costinsights.core.tenancy import current_tenant

WRONG = "The e-mail address or the password is wrong."


@method_decorator([sensitive_post_parameters("password"), never_cache], name="dispatch")
class SignInPage(FormView[SignInForm]):
    """E-mail and password. Every refusal reads the same; a lock-out is answered by the middleware."""

    form_class = SignInForm
    template_name = "accounts/sign_in.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_member(request.user):
            return HttpResponseRedirect(safe_next(request))
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: SignInForm) -> HttpResponse:
        user = authenticate(
            self.request,
            username=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
        )
        if not isinstance(user, User):
            form.add_error(None, WRONG)
            return self.form_invalid(form)
        return finish_sign_in(self.request, user, next_path=safe_next(self.request))

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, next=safe_next(self.request))


class SignOut(View):
    """Ends the session. Only by POST: a link or an image must not sign anybody out."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        return redirect("sign-in")


class ForgotPasswordPage(FormView[ForgotPasswordForm]):
    """Asks for an address. The answer and its time are the same whether a member has it or not."""

    form_class = ForgotPasswordForm
    template_name = "accounts/forgot.html"
    success_url = reverse_lazy("password-sent")

    def form_valid(self, form: ForgotPasswordForm) -> HttpResponse:
        tasks.send_password_reset.enqueue_on_commit(email=form.cleaned_data["email"])
        return super().form_valid(form)

    def form_invalid(self, form: ForgotPasswordForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class ResetSentPage(TemplateView):
    template_name = "accounts/forgot_sent.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        minutes = settings.PASSWORD_RESET_TIMEOUT // 60
        return super().get_context_data(**kwargs, minutes_valid=minutes)


@method_decorator([sensitive_post_parameters("password", "repeated"), never_cache], name="dispatch")
class ResetPasswordPage(FormView[NewPasswordForm]):
    """Where a mailed link leads.

    The token moves into the session and the browser to an address without it, so that it appears in
    no Referer and no history. An unusable link gets one page, whatever is wrong with it.
    """

    form_class = NewPasswordForm
    template_name = "accounts/reset.html"
    success_url = reverse_lazy("password-reset-done")
    TOKEN_IN_SESSION = "set"  # noqa: S105  the path segment that stands for it

    def dispatch(
        self, request: HttpRequest, *args: Any, uidb64: str, token: str, **kwargs: Any
    ) -> HttpResponseBase:
        user = passwords.find_user(uidb64)
        in_session = token == self.TOKEN_IN_SESSION
        presented = request.session.get(INTERNAL_RESET_SESSION_TOKEN) if in_session else token
        if user is None or not _is_good(user, presented):
            return self.render_to_response({"valid_link": False}, status=410)
        if not in_session:
            request.session[INTERNAL_RESET_SESSION_TOKEN] = token
            return redirect("password-reset", uidb64=uidb64, token=self.TOKEN_IN_SESSION)
        self.user = user
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.user}

    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        try:
            services.change_password(user=self.user, password=form.cleaned_data["password"])
        except InvalidInput as refusal:
            form.add_error("password", refusal.message)
            return self.form_invalid(form)
        tasks.send_password_changed.enqueue_on_commit(user_id=self.user.pk)
        del self.request.session[INTERNAL_RESET_SESSION_TOKEN]
        return super().form_valid(form)

    def form_invalid(self, form: NewPasswordForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, valid_link=True)


class ResetDonePage(TemplateView):
    template_name = "accounts/reset_done.html"


def finish_sign_in(
    request: HttpRequest,
    user: User,
    *,
    next_path: str,
    method: str = "password",
    provider: str = "",
    second_factor_done: bool = False,
) -> HttpResponse:
    """The one way from "we know who this is" to a session: every way of signing in ends here.

    `next_path` is a path of this host; `method` is password or sso; `provider` is an identity provider's slug;
    `second_factor_done` says whether the provider vouches for a second factor.
    """
    # A new session key. Typed for the staff model; a provider's answer passed no backend, so one is named.
    login(request, cast(Any, user), backend="costinsights.accounts.backends.TenantBackend")
    request.session.note_client(ip=client_ip(request), user_agent=user_agent(request))
    details = {"method": method, "member": user.pk, "second_factor_at_provider": second_factor_done}
    if provider:
        details["provider"] = provider
    record_event("sign_in.succeeded", target=user.email, details=details)
    return HttpResponseRedirect(next_path if is_own_path(next_path) else "/")


def _is_good(user: User, token: str | None) -> bool:
    return passwords.ResetTokens(current_tenant()).check_token(cast(Any, user), token)
