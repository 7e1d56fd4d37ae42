"""Every gated route × plan × access × method, by page and by API: open, readable, or closed; nothing between."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.permissions import SAFE_METHODS
from rest_framework.views import APIView

from costinsights.accounts.models import Role, Scope
from costinsights.core.tenancy import public_context
from tenants.features import GRACE, Access, Feature, feature_access
from tenants.gates import FeatureRequiredMixin, HasFeature
from tenants.models import FeatureSwitch, Plan, Tenant
from tenants.models.standing import forget_platform
from tests.factories.accounts import PASSWORD, UserFactory, token_of
from tests.figures import count
from tests.isolation.routes import METHODS, Route, _template

# Routes that belong to every plan, by how their address begins, each with the reason. A route that is neither
# gated nor listed fails the build.
UNGATED = {
    "/api/schema/": "the API's description",
    "/api/docs/": "the API's description",
    "/sign-in/": "signing in",
    "/sign-out/": "signing out",
    "/password/": "resetting a password",
    "/join/": "joining a workspace",
    "/settings/": "how a workspace is run is part of every plan",
    "/support/": "staff by a grant of the owner",
    "/clusters/": "connecting clusters is what everything stands on; limited in number, not by feature",
    "/logo": "how a workspace looks",
    "/first-steps/": "first steps",
    "/sample-data/": "first steps",
    "/api/v1/me": "who am I",
    "/api/v1/tokens": "API tokens",
    "/api/v1/clusters": "as the pages of clusters",
    "/api/v1/members": "as the settings",
    "/api/v1/invitations": "as the settings",
    "/api/v1/identity-providers": "as the settings",
    "/api/v1/exchange-rates": "as the settings",
    "/api/v1/audit": "as the settings",
    "/api/v1/support-grants": "as the settings",
    "/api/v1/workspace": "as the settings",
    "/api/v1/password-sign-in": "as the settings",
}
# Gated routes below one of these.
GATED_BELOW = ("/api/v1/clusters/{slug}/windows", "/api/v1/clusters/{slug}/backfill")


@dataclass(frozen=True)
class View:
    """A route with the class that answers it."""

    route: Route
    cls: Any

    @property
    def feature(self) -> Feature | None:
        return getattr(self.cls, "feature", None)

    @property
    def is_api(self) -> bool:
        return isinstance(self.cls, type) and issubclass(self.cls, APIView)

    @property
    def has_gate(self) -> bool:
        if self.is_api:
            return HasFeature in self.cls.permission_classes
        return isinstance(self.cls, type) and issubclass(self.cls, FeatureRequiredMixin)


def views() -> list[View]:
    """Every route of a tenant's host."""
    return list(_walk(get_resolver(settings.ROOT_URLCONF), "/"))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[View]:
    for entry in resolver.url_patterns:
        path = prefix + _template(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path)
        elif isinstance(entry, URLPattern):
            parameters = tuple(part.split("}")[0] for part in path.split("{")[1:])
            callback: Any = entry.callback
            cls = getattr(callback, "view_class", None) or getattr(callback, "cls", callback)
            yield View(Route(path, entry.name or path, parameters), cls)


GATED = [view for view in views() if view.feature is not None]
by_route = pytest.mark.parametrize("view", GATED, ids=lambda view: view.route.name)


def test_a_route_has_a_gate_exactly_when_it_names_a_feature() -> None:
    half = [view.route.path for view in views() if view.has_gate != (view.feature is not None)]
    assert half == []
    assert len(GATED) >= 3


def test_every_route_is_gated_or_listed_and_never_both() -> None:
    unlisted, twice = [], []
    for view in views():
        listed = view.route.path.startswith(tuple(UNGATED))
        listed = listed and not view.route.path.startswith(GATED_BELOW)
        count("routes that belong to every plan", int(listed))
        if view.feature is None and not listed:
            unlisted.append(view.route.path)
        if view.feature is not None and listed:
            twice.append(view.route.path)
    paths = [view.route.path for view in views()]
    unused = [prefix for prefix in UNGATED if not any(path.startswith(prefix) for path in paths)]
    assert (unlisted, twice, unused) == ([], [], [])


def stand(tenant: Tenant, feature: Feature, plan: Plan, access: Access) -> None:
    """Put the tenant on `plan` and the feature to `access`, by the rows that would do it."""
    now = timezone.now()
    ended = Plan.ENTERPRISE if plan is not Plan.ENTERPRISE else Plan.SAAS
    columns = {name.value: False for name in Plan}
    lapse: dict[str, Any] = {"lapsed_plan": "", "lapsed_at": None}
    if access is Access.OPEN:
        columns[plan.value] = True
    elif access is Access.READ_ONLY:
        columns[ended.value] = True
        lapse = {"lapsed_plan": ended.value, "lapsed_at": now - GRACE + dt.timedelta(hours=1)}
    with public_context():
        Tenant.objects.filter(pk=tenant.pk).update(plan=plan, **lapse)
        FeatureSwitch.objects.filter(name=feature.value).update(active=True, **columns)
        row = Tenant.objects.get(pk=tenant.pk)
    forget_platform()
    assert feature_access(feature, tenant=row) is access


def callers(tenant: Tenant, view: View) -> dict[str, Client]:
    """An owner with a browser; for the API a program with every scope too."""
    owner = UserFactory.create(role=Role.OWNER)
    browser = Client(HTTP_HOST=f"{tenant.slug}.localhost", raise_request_exception=False)
    answer = browser.post("/sign-in/", {"email": owner.email, "password": PASSWORD})
    assert answer.status_code == 302
    if not view.is_api:
        return {"browser": browser}
    token = token_of(owner, Scope.READ, Scope.WRITE)
    program = Client(
        HTTP_HOST=f"{tenant.slug}.localhost",
        HTTP_AUTHORIZATION=f"Bearer {token}",
        raise_request_exception=False,
    )
    return {"browser": browser, "program": program}


def refusal_in(view: View, answer: Any) -> str:
    """`plan_required`, `plan_read_only`, or “” for an answer that is about something else."""
    if answer.status_code != 403:
        return ""
    if view.is_api:
        return answer.json()["code"] if answer.json()["code"].startswith("plan_") else ""
    text = answer.content.decode() if not answer.streaming else ""
    if "is read-only for now" in text:
        return "plan_read_only"
    return "plan_required" if "is part of the" in text or "is switched off" in text else ""


def expected(access: Access, method: str) -> str:
    if access is Access.CLOSED:
        return "plan_required"
    changes = method.upper() not in SAFE_METHODS
    return "plan_read_only" if access is Access.READ_ONLY and changes else ""


@by_route
@pytest.mark.parametrize("plan", Plan)
@pytest.mark.parametrize("access", Access)
def test_a_gated_route_answers_what_the_plan_allows(
    acme: Tenant, view: View, plan: Plan, access: Access
) -> None:
    assert view.feature is not None
    stand(acme, view.feature, plan, access)
    path = view.route.filled(dict.fromkeys(view.route.parameters, "1"))
    for who, client in callers(acme, view).items():
        for method in METHODS:
            answer = getattr(client, method)(path)
            count(f"gated requests, {access.value}")
            said = "" if method == "head" else refusal_in(view, answer)
            if method == "head":  # no body to read the reason from
                assert (answer.status_code == 403) == (access is Access.CLOSED)
                continue
            assert said == expected(access, method), f"{who} {method} {path}: {answer.status_code}"


@by_route
def test_a_kill_switch_closes_a_gated_route_for_every_plan(acme: Tenant, view: View) -> None:
    assert view.feature is not None
    with public_context():
        FeatureSwitch.objects.filter(name=view.feature.value).update(
            active=False, community=True, saas=True, enterprise=True
        )
    forget_platform()
    path = view.route.filled(dict.fromkeys(view.route.parameters, "1"))
    for client in callers(acme, view).values():
        for plan in Plan:
            with public_context():
                Tenant.objects.filter(pk=acme.pk).update(plan=plan)
            count("gated requests, switched off for everybody")
            assert refusal_in(view, client.get(path)) == "plan_required"


@by_route
def test_a_refusal_names_the_feature_the_plan_and_until_when(acme: Tenant, view: View) -> None:
    assert view.feature is not None
    stand(acme, view.feature, Plan.COMMUNITY, Access.READ_ONLY)
    path = view.route.filled(dict.fromkeys(view.route.parameters, "1"))
    for client in callers(acme, view).values():
        answer = client.post(path)
        if not view.is_api:
            assert "Your change was not made" in answer.content.decode()
            continue
        body: Any = answer.json()
        assert body["feature"] == view.feature.value
        assert body["required_plan"] == "enterprise"
        assert dt.datetime.fromisoformat(body["read_only_until"]) > timezone.now()
