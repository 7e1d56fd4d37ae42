"""Signing in as staff: the password, then the second factor, enrolled at the first sign-in."""

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, authenticate
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, View

from costinsights.core import one_time_codes
from costinsights.core.actor import Actor, ActorKind, set_actor
from costinsights.core.audit import record_event
from costinsights.core.errors import ApplicationError
from tenants.models import StaffUser
from tenants.staff import second_factor, sessions
from tenants.staff.forms import CodeForm, FirstCodeForm, SignInForm

WRONG = "The e-mail address or the password is wrong."


@method_decorator([sensitive_post_parameters("password"), never_cache], name="dispatch")
class SignIn(FormView[SignInForm]):
    """E-mail and password. Opens nothing yet: the code page comes next."""

    form_class = SignInForm
    template_name = "staff/sign_in.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.staff_is_verified:  # type: ignore[attr-defined]  # set by StaffSessionMiddleware
            return redirect("admin:index")
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: SignInForm) -> HttpResponse:
        staff = authenticate(
            self.request,
            username=form.cleaned_data["email"].strip().lower(),
            password=form.cleaned_data["password"],
        )
        if not isinstance(staff, StaffUser) or not staff.is_staff:
            form.add_error(None, WRONG)
            return self.form_invalid(form)
        sessions.begin(self.request, staff, next_page=_safe_next(self.request), at=timezone.now())
        return redirect("staff-code")

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs, next=_safe_next(self.request), demo_account=settings.DEMO_STAFF
        )


def _safe_next(request: HttpRequest) -> str:
    """The page that was asked for, if it is a plain path of this very host."""
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    is_own_path = (
        wanted.startswith("/")
        and wanted.isprintable()
        and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    )
    return wanted if is_own_path else reverse("admin:index")


class _AfterPassword(View):
    """A page for somebody whose password was right a moment ago."""

    http_method_names = ["get", "post"]  # noqa: RUF012  Django's own attribute
    staff: StaffUser
    next_page: str

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = sessions.pending(request, at=timezone.now())
        if found is None:
            return redirect("admin:login")
        self.staff, self.next_page = found
        return super().dispatch(request, *args, **kwargs)

    @property
    def credentials(self) -> dict[str, str]:
        """Under which name wrong codes are counted: the same as wrong passwords."""
        return {"username": self.staff.email}

    def is_locked(self) -> bool:
        """Whether the lock-out holds. Its middleware then answers in place of the page."""
        if AxesProxyHandler.is_allowed(self.request, self.credentials):
            return False
        self.request.axes_locked_out = True  # type: ignore[attr-defined]  # what axes sets itself
        self.request.axes_credentials = self.credentials  # type: ignore[attr-defined]  # as above
        return True

    def count_wrong_code(self) -> None:
        record_event("second_factor.failed", target=self.staff.email)
        user_login_failed.send(sender=__name__, credentials=self.credentials, request=self.request)

    def name_actor(self) -> None:
        """From here on it is known who acts."""
        set_actor(
            Actor(
                ActorKind.STAFF,
                identifier=str(self.staff.pk),
                label=self.staff.email,
                ip_address=getattr(self.request, "axes_ip_address", None),
            )
        )


@method_decorator([sensitive_post_parameters("code"), never_cache], name="dispatch")
class EnterCode(_AfterPassword):
    """A code of the authenticator app or a recovery code; wrong ones count for the lock-out."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if second_factor.confirmed_device(self.staff) is None:
            return redirect("staff-enrol")
        return self.answer(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        now = timezone.now()
        if self.is_locked():
            return HttpResponse(status=429)
        if not form.is_valid():
            return self.answer(form, status=422)
        try:
            device = second_factor.take(self.staff, form.cleaned_data["code"], at=now)
        except second_factor.WrongCode as refusal:
            self.count_wrong_code()
            form.add_error("code", refusal.message)
            return self.answer(form, status=422)
        self.name_actor()
        sessions.complete(request, self.staff, device, at=now)
        record_event("sign_in.succeeded", target=self.staff.email)
        return HttpResponseRedirect(self.next_page)

    def answer(self, form: CodeForm, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "account": self.staff,
            "demo_code": second_factor.demo_code(
                self.staff, demo_account=settings.DEMO_STAFF, at=timezone.now()
            ),
            "is_demo_account": bool(settings.DEMO_STAFF)
            and self.staff.email == settings.DEMO_STAFF,
        }
        return render(self.request, "staff/code.html", context, status=status)


@method_decorator([sensitive_post_parameters("code"), never_cache], name="dispatch")
class Enrol(_AfterPassword):
    """The first sign-in: a QR code, a first code, and the recovery codes, shown once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(FirstCodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = FirstCodeForm(request.POST)
        now = timezone.now()
        if self.is_locked():
            return HttpResponse(status=429)
        if not form.is_valid():
            return self.answer(form, status=422)
        try:
            codes = second_factor.confirm(self.staff, form.cleaned_data["code"], at=now)
        except second_factor.WrongCode as refusal:
            self.count_wrong_code()
            form.add_error("code", refusal.message)
            return self.answer(form, status=422)
        except ApplicationError:
            return redirect("staff-code")
        device = second_factor.confirmed_device(self.staff)
        if device is None:  # reset between two statements: start again
            return redirect("admin:login")
        self.name_actor()
        sessions.complete(request, self.staff, device, at=now)
        record_event("sign_in.succeeded", target=self.staff.email)
        context = {"codes": codes, "next_page": self.next_page}
        return render(request, "staff/recovery_codes.html", context, status=201)

    def answer(self, form: FirstCodeForm, status: int = 200) -> HttpResponse:
        try:
            secret = second_factor.secret_to_enrol(self.staff)
        except ApplicationError:
            return redirect("staff-code")
        uri = one_time_codes.provisioning_uri(
            secret, account=self.staff.email, issuer=second_factor.ISSUER
        )
        context = {
            "form": form,
            "account": self.staff,
            # Drawn by us from our own secret: nothing in it was typed by anybody.
            "qr": mark_safe(one_time_codes.qr_svg(uri)),  # noqa: S308  # see above
            "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        }
        return render(self.request, "staff/enrol.html", context, status=status)


@method_decorator([sensitive_post_parameters("code"), never_cache], name="dispatch")
class RecoveryCodes(View):
    """How many recovery codes are left, and new ones against a code of the app.

    Served through StaffSite.admin_view, so only a verified session comes this far.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request, CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        staff = request.user
        form = CodeForm(request.POST)
        if not isinstance(staff, StaffUser):
            return redirect("admin:login")
        if not AxesProxyHandler.is_allowed(request, {"username": staff.email}):
            request.axes_locked_out = True  # type: ignore[attr-defined]  # what axes sets itself
            return HttpResponse(status=429)
        if not form.is_valid():
            return self.answer(request, form, status=422)
        try:
            second_factor.take(staff, form.cleaned_data["code"], at=timezone.now())
        except second_factor.WrongCode as refusal:
            user_login_failed.send(
                sender=__name__, credentials={"username": staff.email}, request=request
            )
            form.add_error("code", refusal.message)
            return self.answer(request, form, status=422)
        codes = second_factor.renew_recovery_codes(staff)
        record_event("second_factor.recovery_codes_renewed", target=staff.email)
        context = {"codes": codes, "next_page": reverse("admin:index")}
        return render(request, "staff/recovery_codes.html", context, status=201)

    def answer(self, request: HttpRequest, form: CodeForm, status: int = 200) -> HttpResponse:
        staff = request.user
        left = second_factor.recovery_codes_left(staff) if isinstance(staff, StaffUser) else 0
        return render(
            request, "staff/security.html", {"form": form, "codes_left": left}, status=status
        )
