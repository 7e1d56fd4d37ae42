"""A member's own security: the second factor, and the browsers they are signed in with."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from costinsights.accounts import second_factor, services, sessions, tasks
from costinsights.accounts.forms import CodeForm
from costinsights.accounts.lockout import count_failure, refusal_while_locked
from costinsights.accounts.member_forms import ProofForm
from costinsights.accounts.models import User
from costinsights.accounts.permissions import MemberRequiredMixin
from costinsights.accounts.signing_in import lacks_second_factor
from costinsights.core import one_time_codes
from costinsights.core.crypto import SecretUnreadable
from costinsights.core.errors import InvalidInput, NotFound
from costinsights.core.tenancy import current_tenant

SETUP_KEY = "second_factor_setup"
WRONG_PROOF = "This is not right. Nothing was changed."


def security_context(request: HttpRequest, member: User) -> dict[str, Any]:
    """What the profile page shows about second factor and sessions."""
    rule = second_factor.policy()
    return {
        "has_second_factor": second_factor.has_device(member),
        "second_factor_required": second_factor.is_required_of(member, rule),
        "codes_left": second_factor.codes_left(member),
        "proof_form": ProofForm(user=member),
        "browsers": sessions.browsers_of(
            member, current=request.session.session_key, at=timezone.now()
        ),
    }


@method_decorator([sensitive_post_parameters("code"), never_cache], name="dispatch")
class SecondFactorPage(MemberRequiredMixin):
    """Set an authenticator app up. Its secret waits in the session, sealed, for the first code."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if second_factor.has_device(self.member):
            return redirect("profile")
        return self.answer(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        member = self.member
        if second_factor.has_device(member):
            return redirect("profile")
        form = CodeForm(request.POST)
        if not form.is_valid():
            return self.answer(form, status=422)
        try:
            codes = second_factor.enrol(
                user=member, secret=self.secret(), code=form.cleaned_data["code"], at=timezone.now()
            )
        except InvalidInput as refusal:
            form.add_error("code", refusal.message)
            return self.answer(form, status=422)
        del request.session[SETUP_KEY]
        # Browsers that came in with the password alone do not stay.
        services.end_sessions(user=member, keep_session=request.session.session_key)
        request.session.cycle_key()
        return _codes_page(request, codes, is_new=True)

    def secret(self) -> str:
        """The secret being set up in this session; a new one where there is none of this member."""
        session = self.request.session
        try:
            return second_factor.unseal_setup(session.get(SETUP_KEY, ""), user=self.member)
        except SecretUnreadable:
            secret = one_time_codes.new_secret()
            session[SETUP_KEY] = second_factor.seal_setup(secret, user=self.member)
            return secret

    def answer(self, form: CodeForm, status: int = 200) -> HttpResponse:
        secret = self.secret()
        address = one_time_codes.provisioning_uri(
            secret, account=self.member.email, issuer=f"Cost Insights ({current_tenant().name})"
        )
        form.fields["code"].help_text = "Six digits, a new one every half minute."
        context = {
            "form": form,
            # Made by us from numbers: it holds no text of anybody's.
            "qr": SafeString(one_time_codes.qr_svg(address)),
            "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
            "is_forced": lacks_second_factor(self.request, self.member),
        }
        return render(self.request, "accounts/second_factor.html", context, status=status)


def _codes_page(request: HttpRequest, codes: list[str], *, is_new: bool) -> HttpResponse:
    """The recovery codes, in this answer and never again."""
    tenant = current_tenant()
    text = "\n".join(
        [f"Recovery codes for Cost Insights, {tenant.name}", "Each works once.", "", *codes, ""]
    )
    context = {
        "codes": codes,
        "text": "\n".join(codes),
        "file": text,
        "file_name": f"{tenant.slug}-recovery-codes.txt",
        "is_new": is_new,
    }
    return render(request, "accounts/recovery_codes.html", context, status=201)


@method_decorator([sensitive_post_parameters("proof"), never_cache], name="dispatch")
class _Proven(MemberRequiredMixin):
    """A change that needs the password again. Wrong ones count towards the lock-out of the account."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest) -> HttpResponse:
        member = self.member
        if not second_factor.has_device(member):
            return redirect("profile")
        locked = refusal_while_locked(request, member.email)
        if locked is not None:
            return locked
        if not self._is_right(request.POST.get("proof", "")):
            count_failure(request, member.email)
            messages.error(request, WRONG_PROOF)
            return redirect("profile")
        return self.act(request, member)

    def _is_right(self, proof: str) -> bool:
        member = self.member
        if member.has_usable_password():
            return member.check_password(proof)
        taken = second_factor.take_code(user=member, code=proof, at=timezone.now())
        return taken is not None

    def act(self, request: HttpRequest, member: User) -> HttpResponse:
        raise NotImplementedError


class DisableSecondFactor(_Proven):
    def act(self, request: HttpRequest, member: User) -> HttpResponse:
        second_factor.remove(user=member)
        tasks.send_second_factor_off.enqueue_on_commit(user_id=member.pk)
        messages.success(request, "Your second factor is off.")
        return redirect("profile")


class RenewRecoveryCodes(_Proven):
    def act(self, request: HttpRequest, member: User) -> HttpResponse:
        return _codes_page(request, second_factor.renew_codes(user=member), is_new=False)


class RevokeSession(MemberRequiredMixin):
    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest, session_id: str) -> HttpResponse:
        try:
            sessions.revoke(user=self.member, session_id=session_id)
        except NotFound as error:
            raise Http404(error.message) from error
        if session_id == sessions.session_id_of(request.session.session_key or ""):
            request.session.flush()
            return redirect("sign-in")
        messages.success(request, "That browser is signed out.")
        return redirect("profile")


class RevokeOtherSessions(MemberRequiredMixin):
    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest) -> HttpResponse:
        sessions.revoke_others(user=self.member, current=request.session.session_key)
        messages.success(request, "Every other browser is signed out.")
        return redirect("profile")
