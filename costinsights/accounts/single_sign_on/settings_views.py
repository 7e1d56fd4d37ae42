"""Settings: identity providers, and who may still use a password.

Admins see them; only owners change them, because whoever holds a provider can sign in as anybody, owners
included.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from costinsights.accounts.models import IdentityProvider, Role
from costinsights.accounts.permissions import RoleRequiredMixin
from costinsights.accounts.single_sign_on import flow, services
from costinsights.accounts.single_sign_on.forms import ProviderForm
from costinsights.accounts.single_sign_on.probe import ProbeStep, is_good, probe_issuer
from costinsights.accounts.single_sign_on.selectors import sign_in_choices
from costinsights.core.errors import Conflict, InvalidInput, NotFound

_POST_ONLY = ["post"]


@method_decorator(never_cache, name="dispatch")
class ProviderListPage(RoleRequiredMixin):
    """The providers and the rule for passwords."""

    required_role = Role.ADMIN

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "providers": IdentityProvider.objects.all(),
            "can_change": self.member.has_role(Role.OWNER),
            "password_for_owners_only": sign_in_choices().password_for_owners_only,
            "has_active": IdentityProvider.objects.filter(is_active=True).exists(),
        }
        return render(request, "accounts/sso_list.html", context)


class _ChangePage(RoleRequiredMixin):
    required_role = Role.OWNER

    def provider(self) -> IdentityProvider:
        try:
            return services.access_provider(self.kwargs["provider_id"])
        except NotFound as error:
            raise Http404(error.message) from error


@method_decorator(never_cache, name="dispatch")
@method_decorator(sensitive_post_parameters("client_secret"), name="dispatch")
class ProviderAddPage(_ChangePage):
    """A new provider. It is saved as soon as its values can be used; testing it is a step of its own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(ProviderForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProviderForm(request.POST)
        if not form.is_valid():
            return self.answer(form, status=422)
        try:
            provider = services.add_provider(form.draft().checked())
        except InvalidInput as refused:
            form.refuse(refused)
            return self.answer(form, status=422)
        except Conflict as refused:
            form.add_error("name", refused.message)
            return self.answer(form, status=422)
        messages.success(
            request, f"{provider.name} is saved. Enter the redirect URI there, then test it."
        )
        return redirect("sso-edit", provider_id=provider.pk)

    def answer(self, form: ProviderForm, status: int = 200) -> HttpResponse:
        return render(self.request, "accounts/sso_edit.html", {"form": form}, status=status)


@method_decorator(never_cache, name="dispatch")
@method_decorator(sensitive_post_parameters("client_secret"), name="dispatch")
class ProviderEditPage(_ChangePage):
    """A provider as stored, for admins to read and owners to change."""

    required_role = Role.ADMIN

    def get(self, request: HttpRequest, provider_id: int) -> HttpResponse:
        provider = self.provider()
        return self.answer(provider, ProviderForm(initial=ProviderForm.initial_of(provider)))

    def post(self, request: HttpRequest, provider_id: int) -> HttpResponse:
        if not self.member.has_role(Role.OWNER):
            raise PermissionDenied("This needs the role Owner.")
        provider = self.provider()
        form = ProviderForm(request.POST)
        if not form.is_valid():
            return self.answer(provider, form, status=422)
        try:
            draft = form.draft(keeps_secret=bool(provider.sealed_client_secret))
            services.change_provider(provider, draft.checked(stored=provider))
        except InvalidInput as refused:
            form.refuse(refused)
            return self.answer(services.access_provider(provider_id), form, status=422)
        except Conflict as refused:
            form.add_error(None, refused.message)
            return self.answer(services.access_provider(provider_id), form, status=422)
        messages.success(request, f"{provider.name} is saved.")
        return redirect("sso-edit", provider_id=provider.pk)

    def answer(
        self,
        provider: IdentityProvider,
        form: ProviderForm,
        steps: list[ProbeStep] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "provider": provider,
            "form": form,
            "steps": steps,
            "passed": is_good(steps) if steps else False,
            "redirect_uri": flow.redirect_uri_of(provider),
            "linked_members": provider.identities.values("user").distinct().count(),
            "can_change": self.member.has_role(Role.OWNER),
        }
        return render(self.request, "accounts/sso_edit.html", context, status=status)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class ProviderTestPage(ProviderEditPage):
    """Asks the stored provider and shows the steps beside its settings."""

    required_role = Role.ADMIN

    def get(self, request: HttpRequest, provider_id: int) -> HttpResponse:
        return redirect("sso-edit", provider_id=self.provider().pk)

    def post(self, request: HttpRequest, provider_id: int) -> HttpResponse:
        provider = self.provider()
        steps = probe_issuer(provider.issuer, has_secret=bool(provider.sealed_client_secret))
        form = ProviderForm(initial=ProviderForm.initial_of(provider))
        return self.answer(provider, form, steps=steps)


class ProviderRemove(_ChangePage):
    """Deletes a disabled provider."""

    http_method_names = _POST_ONLY

    def post(self, request: HttpRequest, provider_id: int) -> HttpResponse:
        provider = self.provider()
        try:
            services.remove_provider(provider)
        except Conflict as refused:
            messages.error(request, refused.message)
            return redirect("sso-edit", provider_id=provider.pk)
        messages.success(request, f"{provider.name} is removed.")
        return redirect("sso-settings")


class PasswordSignInPage(_ChangePage):
    """Lets everybody use a password (`allowed=yes`), or owners only."""

    http_method_names = _POST_ONLY

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("allowed") not in ("yes", "no"):
            return HttpResponseBadRequest("Say allowed=yes or allowed=no.")
        allowed = request.POST["allowed"] == "yes"
        try:
            services.set_password_sign_in(allowed=allowed)
        except Conflict as refused:
            messages.error(request, refused.message)
            return redirect("sso-settings")
        messages.success(
            request,
            "Everybody may sign in with a password."
            if allowed
            else "Only owners may sign in with a password. All others are signed out.",
        )
        return redirect("sso-settings")
