"""Signing in and out, and the way back in after a forgotten password."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, logout
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView, View

from costinsights.accounts import passwords, second_factor, services, tasks
from costinsights.accounts.clients import client_ip
from costinsights.accounts.forms import CodeForm, ForgotPasswordForm, NewPasswordForm, SignInForm
from costinsights.accounts.lockout import count_failure, refusal_while_locked
from costinsights.accounts.models import User
from costinsights.accounts.patience import asks_too_often
from costinsights.accounts.permissions import is_member
from costinsights.accounts.redirects import safe_next
from costinsights.accounts.second_factor import TakenBy
from costinsights.accounts.signing_in import finish_sign_in, pending, sign_in
from costinsights.accounts.single_sign_on.selectors import sign_in_choices
from costinsights.core.errors import InvalidInput
from costinsights.core.tenancy import current_tenant

# A whole office may share an address, and forgets its passwords on the first day after the holidays.
MOST_RESETS = 10
RESETS_PER_SECONDS = 900

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
        choices = sign_in_choices()
        asked_for = self.request.method == "POST" or "password" in self.request.GET
        return super().get_context_data(
            **kwargs,
            next=safe_next(self.request),
            providers=choices.providers,
            shows_password=asked_for or not choices.password_for_owners_only,
        )


@method_decorator([sensitive_post_parameters("code"), never_cache], name="dispatch")
class SignInCodePage(FormView[CodeForm]):
    """The second factor of whoever gave the right password in this browser a moment ago.

    A wrong code counts like a wrong password, so that guessing ends in the same lock-out.
    """

    form_class = CodeForm
    template_name = "accounts/sign_in_code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = pending(request, at=timezone.now())
        if found is None:
            return redirect("sign-in")
        self.pending = found
        locked = refusal_while_locked(request, found.user.email)
        return locked or super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        user = self.pending.user
        taken = second_factor.take_code(
            user=user, code=form.cleaned_data["code"], at=timezone.now()
        )
        if taken is None:
            count_failure(self.request, user.email)
            form.add_error("code", second_factor.WRONG_CODE)
            return self.form_invalid(form)
        sign_in(self.request, user, self.pending.first, second=str(taken))
        if taken == TakenBy.RECOVERY_CODE:
            left = second_factor.codes_left(user)
            messages.warning(
                self.request,
                f"You used a recovery code; {left} are left. Make new ones on your profile.",
            )
        return HttpResponseRedirect(self.pending.first.next_path)

    def form_invalid(self, form: CodeForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class SignOut(View):
    """Ends the session. Only by POST: a link or an image must not sign anybody out."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        return redirect("sign-in")


class ForgotPasswordPage(FormView[ForgotPasswordForm]):
    """Asks for an address. The answer and its time are the same whether a member has it or not.

    One network address may ask a few times only, so that nobody has us mail a whole list.
    """

    form_class = ForgotPasswordForm
    template_name = "accounts/forgot.html"
    success_url = reverse_lazy("password-sent")

    def form_valid(self, form: ForgotPasswordForm) -> HttpResponse:
        ip = client_ip(self.request)
        if asks_too_often("password-forgot", ip, most=MOST_RESETS, seconds=RESETS_PER_SECONDS):
            response = render(self.request, "accounts/slow_down.html", status=429)
            response["Retry-After"] = str(RESETS_PER_SECONDS)
            return response
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


def _is_good(user: User, token: str | None) -> bool:
    return passwords.ResetTokens(current_tenant()).check_token(cast(Any, user), token)
