"""Signing in through a provider: the ways that lead in."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from costinsights.accounts.models import (
    AuditEntry,
    ExternalIdentity,
    IdentityProvider,
    TenantSession,
    User,
)
from costinsights.core.tenancy import public_context
from tenants.models import Domain, Tenant
from tests.accounts.people import is_signed_in, sign_in
from tests.accounts.sso.conftest import Journey
from tests.factories.accounts import UserFactory
from tests.fakes.openid_provider import EC_KEY, OTHER_RSA_KEY, RSA_KEY, OpenIdProvider


def test_a_member_signs_in_through_the_provider(ada: User, journey: Journey) -> None:
    answer = journey.go()
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_signed_in(journey.browser)
    assert TenantSession.objects.get(user__isnull=False).user == ada


def test_the_provider_is_asked_as_the_standard_says(ada: User, journey: Journey) -> None:
    sent = {name: values[0] for name, values in parse_qs(urlsplit(journey.leave()).query).items()}
    assert sent["redirect_uri"] == "http://acme.localhost/sign-in/sso/keycloak/callback/"
    assert (sent["response_type"], sent["scope"]) == ("code", "openid email profile")
    assert (sent["code_challenge_method"], len(sent["code_challenge"])) == ("S256", 43)
    assert len(sent["state"]) >= 43
    assert len(sent["nonce"]) >= 43


def test_the_redirect_uri_is_the_primary_domain_whatever_the_request_says(
    ada: User, journey: Journey
) -> None:
    answer = journey.browser.get(
        "/sign-in/sso/keycloak/", HTTP_X_FORWARDED_HOST="evil.test", HTTP_HOST="acme.localhost:99"
    )
    sent = parse_qs(urlsplit(answer["Location"]).query)
    assert sent["redirect_uri"] == ["http://acme.localhost/sign-in/sso/keycloak/callback/"]


def test_the_visitor_lands_on_the_page_they_came_for(ada: User, journey: Journey) -> None:
    assert journey.go("/settings/profile/?x=1")["Location"] == "/settings/profile/?x=1"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "/\t/evil.test"],
)
def test_nobody_is_sent_to_another_site(ada: User, journey: Journey, elsewhere: str) -> None:
    assert journey.go(elsewhere)["Location"] == "/"


def test_the_session_gets_a_new_key(ada: User, journey: Journey) -> None:
    away = journey.leave()
    before = journey.browser.cookies["session"].value
    journey.back(journey.openid.authorize(away))
    assert journey.browser.cookies["session"].value != before
    assert not TenantSession.objects.filter(session_key=before).exists()


def test_the_second_time_the_subject_counts_and_not_the_address(
    ada: User, journey: Journey
) -> None:
    journey.go()
    UserFactory.create(email="eve@people.test")
    journey.openid.person.update(email="eve@people.test", email_verified=False)
    assert journey.go().status_code == 302
    assert ExternalIdentity.objects.get().user == ada


@pytest.mark.parametrize("secret_in", ["header", "body"])
def test_the_client_says_who_it_is_the_way_the_provider_wants(
    ada: User, journey: Journey, secret_in: str
) -> None:
    if secret_in == "body":
        ways = ["client_secret_post", "private_key_jwt"]
        journey.openid.metadata["token_endpoint_auth_methods_supported"] = ways
    assert journey.go().status_code == 302


def test_a_public_client_sends_no_secret(
    ada: User, journey: Journey, provider: IdentityProvider
) -> None:
    provider.seal_client_secret("")
    provider.save()
    journey.openid.secret = None
    assert journey.go().status_code == 302


def test_a_key_on_an_elliptic_curve_will_do(ada: User, journey: Journey) -> None:
    openid = journey.openid
    openid.key, openid.algorithm, openid.published = EC_KEY, "ES256", [RSA_KEY, EC_KEY]
    assert journey.go().status_code == 302


def test_a_rotated_key_is_looked_for_once_more(ada: User, journey: Journey) -> None:
    journey.go()
    openid = journey.openid
    openid.key, openid.published = OTHER_RSA_KEY, [OTHER_RSA_KEY]
    assert journey.go().status_code == 302
    assert openid.asked_for("/keys") == 2


def test_metadata_and_keys_are_asked_for_once_in_a_while(ada: User, journey: Journey) -> None:
    for _ in range(3):
        journey.go()
    assert journey.openid.asked_for("/.well-known/openid-configuration") == 1
    assert journey.openid.asked_for("/keys") == 1


def test_keys_nobody_can_use_do_not_spoil_the_others(ada: User, journey: Journey) -> None:
    junk = [{"kty": "OKP"}, {"kty": "RSA", "n": "!", "e": "AQAB"}, {"kty": "EC"}, {}, {"kty": 7}]
    journey.openid.published = [*junk, RSA_KEY]
    assert journey.go().status_code == 302


def test_a_token_without_a_key_id_is_good_when_there_is_one_key(
    ada: User, journey: Journey
) -> None:
    journey.openid.token_header = {"kid": None}
    journey.openid.published = [EC_KEY, RSA_KEY]
    assert journey.go().status_code == 302


def test_what_the_token_leaves_out_is_asked_of_userinfo(ada: User, journey: Journey) -> None:
    journey.openid.userinfo_claims = ("email", "email_verified")
    assert journey.go().status_code == 302
    assert journey.openid.asked_for("/userinfo") == 1


def test_userinfo_is_not_asked_without_need(ada: User, journey: Journey) -> None:
    journey.go()
    assert journey.openid.asked_for("/userinfo") == 0


def test_the_provider_may_name_itself_in_the_answer(ada: User, journey: Journey) -> None:
    journey.openid.metadata["authorization_response_iss_parameter_supported"] = True
    journey.openid.adds_to_callback = {"iss": journey.openid.issuer}
    assert journey.go().status_code == 302


def test_two_tabs_come_back_in_any_order(ada: User, journey: Journey) -> None:
    first, second = journey.leave("/settings/profile/"), journey.leave("/settings/tokens/")
    answers = [journey.back(journey.openid.authorize(url)) for url in (second, first)]
    assert [a["Location"] for a in answers] == ["/settings/tokens/", "/settings/profile/"]


def test_the_sign_in_page_offers_the_enabled_providers(
    browser: Client, openid: OpenIdProvider, provider: IdentityProvider
) -> None:
    IdentityProvider.objects.create(
        name="Old", slug="old", issuer=openid.issuer, client_id="x", is_active=False
    )
    page = browser.get("/sign-in/?next=/settings/tokens/").content.decode()
    assert 'href="/sign-in/sso/keycloak/?next=/settings/tokens/"' in page
    assert "Sign in with Keycloak" in page
    assert "Old" not in page
    assert browser.get("/sign-in/sso/old/").status_code == 404


def test_on_another_domain_the_way_begins_on_the_primary_one(
    ada: User, journey: Journey, acme: Tenant
) -> None:
    """The provider sends people back there, and a session is good for one host."""
    with public_context():
        Domain.objects.create(tenant=acme, domain="costs.acme.test", is_primary=False)
    answer = journey.browser.get(
        "/sign-in/sso/keycloak/?next=/settings/tokens/", HTTP_HOST="costs.acme.test"
    )
    assert answer["Location"] == (
        "http://acme.localhost/sign-in/sso/keycloak/?next=%2Fsettings%2Ftokens%2F"
    )


def test_somebody_else_who_was_signed_in_here_is_not_any_more(ada: User, journey: Journey) -> None:
    bob = UserFactory.create()
    sign_in(journey.browser, bob)
    journey.go()
    assert not TenantSession.objects.filter(user=bob).exists()
    assert journey.browser.get("/api/v1/me").json()["email"] == ada.email


@pytest.mark.parametrize("email", ["ada@people.test", "eve@people.test"])
def test_userinfo_may_vouch_for_the_tokens_address_and_for_no_other(
    ada: User, journey: Journey, email: str
) -> None:
    journey.openid.userinfo_claims = ("email_verified",)
    journey.openid.userinfo = {"email": email}
    answer = journey.go()
    assert answer.status_code == (302 if email == ada.email else 403)


def test_a_storm_of_refusals_does_not_fill_the_log(journey: Journey) -> None:
    for _ in range(35):
        journey.back("/sign-in/sso/keycloak/callback/?state=x")
    assert AuditEntry.objects.filter(action="sign_in.failed").count() == 30
