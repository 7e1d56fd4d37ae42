"""Signing in through a provider: the button's address, and the address the provider sends people back to."""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.generic import View

from costinsights.accounts.clients import client_ip
from costinsights.accounts.models import IdentityProvider
from costinsights.accounts.patience import asks_too_often
from costinsights.accounts.redirects import safe_next
from costinsights.accounts.signing_in import finish_sign_in
from costinsights.accounts.single_sign_on import flow
from costinsights.accounts.single_sign_on.errors import SignInRefused
from costinsights.core.audit import record_event
from costinsights.core.tenancy import absolute_url, current_tenant

# Refusals written to the audit log for one network address.
MOST_LOGGED = 30
LOGGED_PER_SECONDS = 300


@method_decorator(transaction.non_atomic_requests, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class _ProviderView(View):
    """A step of a sign-in with the active provider that the address names."""

    http_method_names = ["get"]  # noqa: RUF012  Django's own attribute

    def get(self, request: HttpRequest, provider_slug: str) -> HttpResponse:
        provider = IdentityProvider.objects.filter(slug=provider_slug, is_active=True).first()
        if provider is None:
            raise Http404
        try:
            return self.step(request, provider)
        except SignInRefused as refused:
            return self.refuse(request, provider, refused)

    def step(self, request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
        raise NotImplementedError

    def refuse(
        self, request: HttpRequest, provider: IdentityProvider, refused: SignInRefused
    ) -> HttpResponse:
        """One page for every refusal. What the provider said is never printed.

        Anybody can make refusals by asking for the address: past a number, they are answered and not logged.
        """
        ip = client_ip(request)
        if not asks_too_often("sso-refused", ip, most=MOST_LOGGED, seconds=LOGGED_PER_SECONDS):
            record_event(
                "sign_in.failed",
                target=provider.name,
                details={"method": "sso", "provider": provider.slug, "reason": refused.reason},
            )
        context: dict[str, Any] = {"provider": provider, "refused": refused}
        return render(request, "accounts/sso_refused.html", context, status=refused.status)


class SsoStart(_ProviderView):
    """Off to the provider.

    A link, not a form: our content policy lets no form lead off this site. Nothing is changed by it but the
    visitor's own session.
    """

    def step(self, request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
        next_path = safe_next(request)
        if request.get_host().partition(":")[0] != current_tenant().primary_domain:
            # The provider sends people back to the primary domain; the session must be there too.
            path = reverse("sso-start", kwargs={"provider_slug": provider.slug})
            address = absolute_url(current_tenant(), path)
            return HttpResponseRedirect(f"{address}?{urlencode({'next': next_path})}")
        address = flow.depart(request.session, provider, next_path=next_path, at=timezone.now())
        return HttpResponseRedirect(address)


class SsoCallback(_ProviderView):
    """Back from the provider: signed in, or one page that says why not."""

    def step(self, request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
        arrival = flow.arrive(request.session, provider, request.GET.dict(), at=timezone.now())
        return finish_sign_in(
            request,
            arrival.user,
            next_path=arrival.next,
            method="sso",
            provider=provider.slug,
            second_factor_done=arrival.had_second_factor,
        )
