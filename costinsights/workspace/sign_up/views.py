"""Pages of the sign-up, on the platform's own host. While its switch is off there are none of them."""

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from costinsights.accounts.clients import client_ip
from costinsights.accounts.models import normalise_email
from costinsights.accounts.patience import asks_too_often
from costinsights.core.errors import ApplicationError
from costinsights.core.leaving import leading_to_workspaces
from costinsights.workspace.sign_up import services, tasks
from costinsights.workspace.sign_up.forms import SignUpForm, SlugForm
from tenants.features import PlatformSwitch, platform_switch
from tenants.models import SIGN_UP_LIFETIME, SignUp

HOUR, DAY = 3600, 86_400
PER_HOST_AND_HOUR = 10
PER_ADDRESS_AND_DAY = 3
CHECKS_PER_HOST_AND_MINUTE = 60
_log = structlog.get_logger(__name__)


@method_decorator(never_cache, name="dispatch")
class _SignUpView(View):
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not platform_switch(PlatformSwitch.SELF_SERVICE_SIGN_UP):
            raise Http404("There is no sign-up here.")
        return super().dispatch(request, *args, **kwargs)


class SignUpPage(_SignUpView):
    """Asks for name, address and e-mail. The answer is the same whoever has the e-mail address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(SignUpForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignUpForm(request.POST)
        if not form.is_valid():
            return self.answer(form, status=422)
        if form.cleaned_data["website"]:
            return redirect("sign-up-sent")  # a program; it learns nothing
        ip = client_ip(request)
        if asks_too_often("sign-up", ip, most=PER_HOST_AND_HOUR, seconds=HOUR):
            form.add_error(
                None, "There were many sign-ups from your network. Try again in an hour."
            )
            return self.answer(form, status=429)
        try:
            self.remember(form, ip)
        except ApplicationError as refused:
            form.refuse(refused)
            return self.answer(form, status=422)
        return redirect("sign-up-sent")

    def remember(self, form: SignUpForm, ip: str | None) -> None:
        email = normalise_email(form.cleaned_data["email"])
        given = {name: form.cleaned_data[name] for name in ("workspace_name", "slug")}
        services.checked_name(given["workspace_name"])
        services.checked_slug(given["slug"])
        if asks_too_often("sign-up-mail", email, most=PER_ADDRESS_AND_DAY, seconds=DAY):
            return  # nobody is told, and nobody's inbox is filled
        row = services.request_sign_up(**given, email=email, ip_address=ip, at=timezone.now())
        transaction.on_commit(lambda: tasks.send_sign_up_link.delay(sign_up_id=row.pk))

    def answer(self, form: SignUpForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "trial_days": settings.SIGN_UP_TRIAL_DAYS}
        return render(self.request, "public/sign_up.html", context, status=status)


class SlugStatePage(_SignUpView):
    """Whether an address could be had, as one sentence for the form."""

    def get(self, request: HttpRequest) -> HttpResponse:
        slug = request.GET.get("slug", "").strip().lower()
        context: dict[str, object] = {"slug": slug, "base_domain": settings.BASE_DOMAIN}
        ip = client_ip(request)
        if not slug:
            context["state"] = ""
        elif asks_too_often("sign-up-slug", ip, most=CHECKS_PER_HOST_AND_MINUTE, seconds=60):
            context |= {"state": "unknown", "message": "We look again when you sign up."}
        else:
            try:
                services.checked_slug(slug)
                context["state"] = "free"
            except ApplicationError as refused:
                context |= {"state": "refused", "message": refused.message}
        return render(request, "public/slug_state.html", context)


class SignUpSentPage(_SignUpView):
    """Says that a mail is on its way, if it is."""

    def get(self, request: HttpRequest) -> HttpResponse:
        hours = int(SIGN_UP_LIFETIME.total_seconds() // HOUR)
        return render(request, "public/sign_up_sent.html", {"hours_valid": hours})


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class ConfirmSignUpPage(_SignUpView):
    """Where the mailed link leads. Opening it makes nothing: mail programs open links, people press buttons."""

    def get(self, request: HttpRequest, sign_up_secret: str) -> HttpResponse:
        try:
            row = services.find_sign_up(sign_up_secret, at=timezone.now())
        except services.SignUpUnusable as refused:
            return self.unusable(refused)
        form = SlugForm(initial={"slug": row.slug})
        if row.completed_at is None:
            try:
                services.checked_slug(row.slug)
            except ApplicationError as refused:
                form = SlugForm({"slug": row.slug})
                form.is_valid()
                form.refuse(refused)
        return self.answer(row, form)

    def post(self, request: HttpRequest, sign_up_secret: str) -> HttpResponse:
        now = timezone.now()
        try:
            row = services.find_sign_up(sign_up_secret, at=now)
        except services.SignUpUnusable as refused:
            return self.unusable(refused)
        # A confirmed one has its address; the button then only leads there.
        form = SlugForm(request.POST if row.completed_at is None else {"slug": row.slug})
        if not form.is_valid():
            return self.answer(row, form, status=422)
        try:
            target = services.confirm(secret=sign_up_secret, slug=form.cleaned_data["slug"], at=now)
        except services.SignUpUnusable as refused:
            return self.unusable(refused)
        except ApplicationError as refused:
            form.refuse(refused)
            return self.answer(row, form, status=422)
        except DatabaseError:
            _log.exception("sign_up_failed", slug=row.slug)
            return render(request, "public/sign_up_failed.html", status=503)
        return HttpResponseRedirect(target)

    def answer(self, row: SignUp, form: SlugForm, status: int = 200) -> HttpResponse:
        context = {"sign_up": row, "form": form, "base_domain": settings.BASE_DOMAIN}
        page = render(self.request, "public/sign_up_confirm.html", context, status=status)
        return leading_to_workspaces(page)

    def unusable(self, refused: ApplicationError) -> HttpResponse:
        context = {"title": refused.title, "text": refused.message}
        return render(self.request, "public/sign_up_unusable.html", context, status=refused.status)
