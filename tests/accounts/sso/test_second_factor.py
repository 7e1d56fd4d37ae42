"""A second factor at the provider stands for ours when its signed answer says so, and only then."""

from typing import Any

import pytest
from django.utils import timezone

from costinsights.accounts.models import SecondFactorPolicy, TotpDevice, User, Workspace
from tests.accounts.people import is_signed_in
from tests.accounts.sso.conftest import Journey


@pytest.fixture
def enrolled(ada: User) -> User:
    """An owner with an authenticator app."""
    TotpDevice.objects.create(user=ada, sealed_secret="x", confirmed_at=timezone.now())
    return ada


@pytest.mark.parametrize(
    "claims",
    [
        {"amr": ["pwd", "mfa"]},
        {"amr": ["otp"]},
        {"amr": ["hwk", "pin"]},
        {"acr": "phr"},
        {"acr": "http://schemas.openid.net/pape/policies/2007/06/multi-factor"},
    ],
)
def test_a_second_factor_at_the_provider_counts(
    enrolled: User, journey: Journey, claims: dict[str, Any]
) -> None:
    journey.openid.person.update(claims)
    assert journey.go()["Location"] == "/"
    assert is_signed_in(journey.browser)


@pytest.mark.parametrize(
    "claims",
    [{}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"amr": {"mfa": 1}}, {"amr": [["mfa"]]}, {"acr": "0"}],
)
def test_otherwise_our_own_code_is_asked_for(
    enrolled: User, journey: Journey, claims: dict[str, Any]
) -> None:
    journey.openid.person.update(claims)
    assert journey.go("/settings/tokens/")["Location"] == "/sign-in/code/"
    assert not is_signed_in(journey.browser)


def test_where_everybody_must_have_one_a_sign_in_without_leads_to_enrolling(
    ada: User, journey: Journey
) -> None:
    Workspace.objects.create(second_factor_policy=SecondFactorPolicy.EVERYBODY)
    journey.go()
    answer = journey.browser.get("/settings/sso/")
    assert answer["Location"].startswith("/settings/profile/second-factor/")


def test_where_everybody_must_have_one_the_providers_is_enough(ada: User, journey: Journey) -> None:
    Workspace.objects.create(second_factor_policy=SecondFactorPolicy.EVERYBODY)
    journey.openid.person["amr"] = ["mfa"]
    journey.go()
    assert journey.browser.get("/settings/sso/").status_code == 200
