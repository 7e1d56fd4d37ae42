"""The answer belongs to one departure of this browser, at this provider, in this workspace, once."""

import datetime as dt
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client

from costinsights.accounts.models import IdentityProvider, User
from costinsights.core.tenancy import tenant_context
from tenants.models import Tenant
from tests.accounts.people import is_signed_in
from tests.accounts.sso.conftest import Journey, make_provider, reason_of
from tests.fakes.openid_provider import OpenIdProvider


def test_an_answer_works_once(ada: User, journey: Journey) -> None:
    address = journey.openid.authorize(journey.leave())
    assert journey.back(address).status_code == 302
    again = journey.back(address)
    assert (again.status_code, reason_of(again)) == (400, "state_unknown")


def test_an_answer_that_arrives_twice_at_once_works_once(ada: User, journey: Journey) -> None:
    address = journey.openid.authorize(journey.leave())
    session = journey.browser.session
    kept = dict(session["sso_attempts"])
    assert journey.back(address).status_code == 302
    late = journey.browser.session
    late["sso_attempts"] = kept  # as a request read it before the other one had saved
    late.save()
    assert reason_of(journey.back(address)) == "state_replayed"


def test_a_code_works_once_even_with_a_fresh_state(ada: User, journey: Journey) -> None:
    used = parse_qs(urlsplit(journey.openid.authorize(journey.leave())).query)
    journey.back(f"/sign-in/sso/keycloak/callback/?state={used['state'][0]}&code={used['code'][0]}")
    fresh = parse_qs(urlsplit(journey.leave()).query)["state"][0]
    refused = journey.back(f"/sign-in/sso/keycloak/callback/?state={fresh}&code={used['code'][0]}")
    assert reason_of(refused) == "code_refused"


def test_an_answer_of_another_browser_signs_nobody_in(
    ada: User, journey: Journey, client_of: Any, acme: Tenant
) -> None:
    """Otherwise somebody could sign a victim in as themselves by a link."""
    address = journey.openid.authorize(journey.leave())
    victim = Journey(client_of(acme), journey.openid)
    assert reason_of(victim.back(address)) == "state_unknown"
    assert not is_signed_in(victim.browser)


def test_an_answer_for_one_workspace_is_nothing_in_another(
    twin: User, journey: Journey, globex: Tenant, globex_browser: Client, openid: OpenIdProvider
) -> None:
    with tenant_context(globex):
        make_provider(openid)
    address = openid.authorize(journey.leave())
    globex_browser.cookies["session"] = journey.browser.cookies["session"].value
    elsewhere = Journey(globex_browser, openid)
    assert reason_of(elsewhere.back(address)) == "state_unknown"
    assert not is_signed_in(globex_browser)


def test_an_answer_for_one_provider_is_nothing_at_another(ada: User, journey: Journey) -> None:
    make_provider(journey.openid, name="Second", slug="second")
    address = journey.openid.authorize(journey.leave())
    refused = journey.back(address.replace("/keycloak/", "/second/"))
    assert reason_of(refused) == "state_of_another_provider"


def test_an_answer_after_ten_minutes_is_too_late(ada: User, journey: Journey) -> None:
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=False) as clock:
        address = journey.openid.authorize(journey.leave())
        clock.shift(dt.timedelta(minutes=10, seconds=1))
        assert reason_of(journey.back(address)) == "state_expired"


def test_an_answer_to_a_provider_that_moved_is_refused(
    ada: User, journey: Journey, provider: IdentityProvider
) -> None:
    address = journey.openid.authorize(journey.leave())
    IdentityProvider.objects.update(issuer=f"{provider.issuer}/elsewhere")
    assert reason_of(journey.back(address)) == "state_of_another_provider"


def test_a_provider_disabled_in_between_lets_nobody_in(ada: User, journey: Journey) -> None:
    address = journey.openid.authorize(journey.leave())
    IdentityProvider.objects.update(is_active=False)
    assert journey.back(address).status_code == 404


@pytest.mark.parametrize("query", ["", "state=x", "code=x", "state=&code=x", "state=%00&code=%00"])
def test_an_answer_without_a_departure_is_refused(journey: Journey, query: str) -> None:
    refused = journey.back(f"/sign-in/sso/keycloak/callback/?{query}")
    assert (refused.status_code, reason_of(refused)) == (400, "state_unknown")


def test_an_answer_that_names_another_issuer_was_mixed_up(ada: User, journey: Journey) -> None:
    journey.openid.adds_to_callback = {"iss": "https://evil.test"}
    assert reason_of(journey.go()) == "issuer_mixed_up"
    assert journey.openid.asked_for("/token") == 0


def test_a_provider_that_promises_its_name_must_give_it(ada: User, journey: Journey) -> None:
    journey.openid.metadata["authorization_response_iss_parameter_supported"] = True
    assert reason_of(journey.go()) == "issuer_mixed_up"


@pytest.mark.parametrize(
    ("error", "reason"),
    [("access_denied", "denied_at_provider"), ("server_error", "refused_by_provider")],
)
def test_a_refusal_of_the_provider_is_told(
    ada: User, journey: Journey, error: str, reason: str
) -> None:
    address = journey.openid.authorize(journey.leave())
    refused = journey.back(f"{address}&error={error}")
    assert (refused.status_code, reason_of(refused)) == (403, reason)


def test_without_the_verifier_a_stolen_code_is_worth_nothing(ada: User, journey: Journey) -> None:
    address = journey.openid.authorize(journey.leave())
    session = journey.browser.session
    [(state, attempt)] = session["sso_attempts"].items()
    session["sso_attempts"] = {state: {**attempt, "verifier": "x" * 64}}
    session.save()
    assert reason_of(journey.back(address)) == "code_refused"


def test_only_the_last_five_departures_are_kept(ada: User, journey: Journey) -> None:
    first = journey.openid.authorize(journey.leave())
    for _ in range(5):
        last = journey.openid.authorize(journey.leave())
    assert reason_of(journey.back(first)) == "state_unknown"
    assert journey.back(last).status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_the_addresses_answer_get_only(journey: Journey, method: str) -> None:
    for path in ("/sign-in/sso/keycloak/", "/sign-in/sso/keycloak/callback/"):
        assert getattr(journey.browser, method)(path).status_code == 405
