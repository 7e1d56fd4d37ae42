"""A provider that cannot be asked, or would have us ask where we must not."""

import pytest

from costinsights.accounts.models import IdentityProvider, User
from tests.accounts.sso.conftest import Journey, reason_of


def start(journey: Journey) -> str:
    refused = journey.browser.get("/sign-in/sso/keycloak/")
    assert refused.status_code == 502
    return reason_of(refused)


@pytest.mark.parametrize(
    "issuer",
    [
        "http://169.254.169.254",
        "http://10.1.2.3",
        "http://[::ffff:10.1.2.3]",
        "http://[fd00:ec2::254]",
        "http://2130706433.test.invalid",
        "http://127.0.0.1:1",
    ],
)
def test_an_issuer_out_of_bounds_or_down_is_said(journey: Journey, issuer: str) -> None:
    IdentityProvider.objects.update(issuer=issuer)
    assert start(journey) == "discovery_failed"


@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
def test_an_endpoint_that_leads_inside_is_not_asked(
    ada: User, journey: Journey, endpoint: str
) -> None:
    journey.openid.metadata[endpoint] = "http://169.254.169.254/latest"
    journey.openid.userinfo_claims = ("email", "email_verified")
    what = {"token_endpoint": "token", "jwks_uri": "keys", "userinfo_endpoint": "userinfo"}
    assert reason_of(journey.go()) == f"{what[endpoint]}_failed"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/.well-known/openid-configuration", "discovery_failed"),
        ("/keys", "keys_failed"),
        ("/token", "token_failed"),
        ("/userinfo", "userinfo_failed"),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"<html>", b"\xff\xfe", b"[" * 100_000, b" " * 1_100_000]
)
def test_an_answer_that_is_no_object_is_refused(
    ada: User, journey: Journey, path: str, reason: str, body: bytes
) -> None:
    journey.openid.bodies[path] = body
    journey.openid.userinfo_claims = ("email", "email_verified")
    if reason == "discovery_failed":
        assert start(journey) == reason
    else:
        refused = journey.go()
        assert (refused.status_code, reason_of(refused)) == (502, reason)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(journey: Journey, status: int) -> None:
    journey.openid.statuses["/.well-known/openid-configuration"] = status
    assert start(journey) == "discovery_failed"


@pytest.mark.parametrize("status", [400, 401, 500, 503])
def test_a_token_endpoint_that_refuses_is_told(ada: User, journey: Journey, status: int) -> None:
    journey.openid.statuses["/token"] = status
    assert reason_of(journey.go()) == "code_refused"


def test_a_provider_that_is_down_is_not_asked_for_every_click(journey: Journey) -> None:
    journey.openid.statuses["/.well-known/openid-configuration"] = 500
    assert start(journey) == start(journey) == "discovery_failed"
    assert journey.openid.asked_for("/.well-known/openid-configuration") == 1


def test_a_wrong_secret_is_said_without_printing_it(
    ada: User, journey: Journey, provider: IdentityProvider
) -> None:
    provider.seal_client_secret("wrong-secret")
    provider.save()
    refused = journey.go()
    assert reason_of(refused) == "code_refused"
    assert "invalid_client" in refused.content.decode()
    assert "wrong-secret" not in refused.content.decode()


def test_a_secret_sealed_for_another_row_is_said(ada: User, journey: Journey) -> None:
    IdentityProvider.objects.update(sealed_client_secret="v1.00000000.AAAA")
    assert reason_of(journey.go()) == "client_secret_unreadable"
