"""Connecting a cluster in two steps: test an address, then confirm what only a person knows.

Between the steps the tested connection waits in the session. Its secret and client key are sealed there to
this tenant and purpose, and never travel back to the browser.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from costinsights.accounts.permissions import RoleRequiredMixin
from costinsights.core.crypto import SecretUnreadable, seal, unseal
from costinsights.core.errors import ApplicationError, InvalidInput
from costinsights.core.tenancy import current_tenant
from costinsights.costs import services
from costinsights.costs.drafts import ConnectionDraft
from costinsights.costs.forms import ConfirmForm, ConnectionForm
from costinsights.costs.models import AuthKind
from costinsights.opencost.connect import ProbeResult, Step, StepName, StepState

SESSION_KEY = "cluster_draft"
DRAFT_LIVES = timedelta(minutes=30)
STEP_TITLES = {
    "dns": "Name",
    "connection": "Connection",
    "tls": "Encryption",
    "credentials": "Credentials",
    "opencost": "OpenCost",
    "data": "Data",
    "cluster": "Cluster",
}


@dataclass(frozen=True, slots=True)
class Tested:
    """A connection that passed its test a moment ago."""

    draft: ConnectionDraft
    result: ProbeResult


@method_decorator(transaction.non_atomic_requests, name="dispatch")
@method_decorator(never_cache, name="dispatch")
@method_decorator(sensitive_post_parameters("secret", "client_key"), name="dispatch")
class ConnectPage(RoleRequiredMixin):
    """Step one: where it is. A failed test shows its steps under the form, filled in as it was."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(ConnectionForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ConnectionForm(request.POST)
        if not form.is_valid():
            return self.answer(form, status=422)
        try:
            services.require_room_for_cluster()
            draft = form.draft().checked()
        except InvalidInput as refused:
            form.refuse(refused)
            return self.answer(form, status=422)
        except ApplicationError as refused:
            form.add_error(None, refused.message)
            return self.answer(form, status=refused.status)
        result = services.probe_draft(draft, now=timezone.now())
        if not result.ok:
            return self.answer(form, result=result, status=422)
        remember(request, Tested(draft, result))
        return redirect("cluster-confirm")

    def answer(
        self, form: ConnectionForm, result: ProbeResult | None = None, status: int = 200
    ) -> HttpResponse:
        context = {"form": form, "result": result, "steps": step_lines(result)}
        return render(self.request, "clusters/connect.html", context, status=status)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class ConfirmPage(RoleRequiredMixin):
    """Step two: what the test found, its name and its currency; then it is saved."""

    def get(self, request: HttpRequest) -> HttpResponse:
        tested = recall(request)
        if tested is None:
            return redirect("cluster-connect")
        result = tested.result
        initial = {
            "name": services.suggested_name(result),
            "currency": result.currency_guess or current_tenant().reporting_currency,
        }
        return self.answer(ConfirmForm(initial=initial), tested)

    def post(self, request: HttpRequest) -> HttpResponse:
        tested = recall(request)
        if tested is None:
            messages.warning(request, "The test is too long ago. Please test the connection again.")
            return redirect("cluster-connect")
        form = ConfirmForm(request.POST)
        if not form.is_valid():
            return self.answer(form, tested, status=422)
        try:
            cluster = services.connect_cluster(
                name=form.cleaned_data["name"],
                currency=form.cleaned_data["currency"],
                draft=tested.draft,
                result=tested.result,
                now=timezone.now(),
            )
        except InvalidInput as refused:
            form.refuse(refused)
            return self.answer(form, tested, status=422)
        except ApplicationError as refused:
            form.add_error(None, refused.message)
            return self.answer(form, tested, status=refused.status)
        forget(request)
        messages.success(request, f"{cluster.name} is connected. Its costs are on the overview.")
        return redirect("cluster-list")

    def answer(self, form: ConfirmForm, tested: Tested, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "draft": tested.draft,
            "result": tested.result,
            "steps": step_lines(tested.result),
        }
        return render(self.request, "clusters/confirm.html", context, status=status)


def step_lines(result: ProbeResult | None) -> list[dict[str, str]]:
    """The steps of a test as a page shows them."""
    if result is None:
        return []
    return [
        {**services.step_document(step), "title": STEP_TITLES[step.name.value]}
        for step in result.steps
    ]


def remember(request: HttpRequest, tested: Tested) -> None:
    """Keep a tested connection for the second step, its secrets sealed."""
    draft, result = tested.draft, tested.result
    request.session[SESSION_KEY] = {
        "at": timezone.now().isoformat(),
        "draft": {
            "opencost_url": draft.opencost_url,
            "auth_kind": draft.auth_kind.value,
            "auth_username": draft.auth_username,
            "auth_header_name": draft.auth_header_name,
            "ca_bundle": draft.ca_bundle,
            "client_certificate": draft.client_certificate,
            "scope_filter": draft.scope_filter,
        },
        **{
            name: seal(value, aad=_place(name)) if value else ""
            for name, value in (("secret", draft.secret), ("client_key", draft.client_key))
        },
        "result": {
            "steps": [services.step_document(step) for step in result.steps],
            "version": result.version,
            "cluster_ids": list(result.cluster_ids),
            "cluster_name": result.cluster_name,
            "provider": result.provider,
            "currency_guess": result.currency_guess,
            "sample_rows": result.sample_rows,
            "without_idle": result.without_idle,
        },
    }


def recall(request: HttpRequest) -> Tested | None:
    """The tested connection of this session; None when there is none, or it is too old."""
    kept = request.session.get(SESSION_KEY)
    if not kept or timezone.now() - datetime.fromisoformat(kept["at"]) > DRAFT_LIVES:
        forget(request)
        return None
    try:
        secret, client_key = (
            unseal(kept[name], aad=_place(name)) if kept.get(name) else ""
            for name in ("secret", "client_key")
        )
    except SecretUnreadable:
        forget(request)
        return None
    fields: dict[str, Any] = {**kept["draft"], "auth_kind": AuthKind(kept["draft"]["auth_kind"])}
    found: dict[str, Any] = kept["result"]
    steps = tuple(
        Step(StepName(s["name"]), StepState(s["state"]), s["text"], s["reason"])
        for s in found["steps"]
    )
    ids = tuple(found["cluster_ids"])
    result = ProbeResult(**{**found, "steps": steps, "cluster_ids": ids})
    return Tested(ConnectionDraft(**fields, secret=secret, client_key=client_key), result)


def forget(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def _place(name: str) -> str:
    return f"{current_tenant().schema_name}:costs.ConnectPage:{name}:session"
