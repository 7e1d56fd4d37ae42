"""The pages of identity providers: who sees them, who changes them, what they keep to themselves."""

from typing import Any

import pytest
from django.test import Client

from costinsights.accounts.models import ExternalIdentity, IdentityProvider, Role, User
from tests.accounts.people import sign_in
from tests.factories.accounts import UserFactory
from tests.fakes.openid_provider import CLIENT_SECRET, RSA_KEY, OpenIdProvider

FORM = {
    "name": "Acme Login",
    "issuer": "http://127.0.0.1:9/realms/acme",
    "client_id": "cost-insights",
    "client_kind": "confidential",
    "client_secret": "first-secret",
    "role_claim": "groups",
    "role_mapping": "platform = admin\n\ncn=finance,ou=x = analyst",
    "default_role": "",
    "is_active": "on",
}


@pytest.fixture
def owner(ada: User, browser: Client) -> Client:
    """A browser with an owner in it."""
    sign_in(browser, ada)
    return browser


def add(client: Client, **changed: str) -> Any:
    return client.post("/settings/sso/add/", {**FORM, **changed})


def errors_of(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 422
    return {name: list(words) for name, words in answer.context["form"].errors.items()}


def test_an_owner_adds_a_provider(owner: Client) -> None:
    answer = add(owner)
    provider = IdentityProvider.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/settings/sso/{provider.pk}/")
    assert provider.slug == "acme-login"
    assert provider.role_mapping == {"platform": "admin", "cn=finance,ou=x": "analyst"}
    assert provider.client_secret == "first-secret"


def test_the_page_shows_the_redirect_uri_and_never_the_secret(owner: Client) -> None:
    page = owner.get(add(owner)["Location"]).content.decode()
    assert "http://acme.localhost/sign-in/sso/acme-login/callback/" in page
    assert "first-secret" not in page
    assert IdentityProvider.objects.get().sealed_client_secret not in page


def test_the_secret_lies_sealed_and_opens_nowhere_else(owner: Client) -> None:
    add(owner)
    add(owner, name="Second")
    first, second = IdentityProvider.objects.order_by("pk")
    assert "first-secret" not in first.sealed_client_secret
    second.sealed_client_secret = first.sealed_client_secret
    with pytest.raises(Exception, match="does not belong here"):
        _ = second.client_secret


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"issuer": "ftp://x.test"}, "issuer"),
        ({"issuer": "http://user:pass@x.test"}, "issuer"),
        ({"issuer": "http://x.test/#a"}, "issuer"),
        ({"issuer": "http://x.test/?a=b"}, "issuer"),
        ({"issuer": "login"}, "issuer"),
        ({"client_secret": ""}, "client_secret"),
        ({"extra_scopes": 'a"b'}, "extra_scopes"),
        ({"creates_members": "on", "default_role": "viewer"}, "allowed_email_domains"),
        ({"allowed_email_domains": "no domain!"}, "allowed_email_domains"),
        ({"allowed_email_domains": "@x.test"}, "allowed_email_domains"),
        ({"role_mapping": "platform admin"}, "role_mapping"),
        ({"role_mapping": "platform = king"}, "role_mapping"),
        ({"role_mapping": "= admin"}, "role_mapping"),
        ({"role_mapping": "a = admin\na = viewer"}, "role_mapping"),
        ({"role_mapping": ""}, "role_mapping"),
        ({"role_claim": ""}, "role_claim"),
        ({"default_role": "owner"}, "default_role"),
        ({"client_kind": "x"}, "client_kind"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field(
    owner: Client, changed: dict[str, str], field: str
) -> None:
    answer = add(owner, **changed)
    assert field in errors_of(answer)
    assert not IdentityProvider.objects.exists()
    assert 'value="Acme Login"' in answer.content.decode() or field == "name"


def test_a_wrong_line_of_the_mapping_is_named(owner: Client) -> None:
    answer = add(owner, role_mapping="a = admin\nb = king\nc")
    assert errors_of(answer)["role_mapping"] == [
        "Line 2: “king” is no role; there are owner, admin, analyst, viewer. Line 3: write “group = role”."
    ]
    assert "b = king" in answer.content.decode()


def test_the_address_of_the_discovery_document_will_do(owner: Client) -> None:
    add(owner, issuer="http://127.0.0.1:9/x/.well-known/openid-configuration")
    assert IdentityProvider.objects.get().issuer == "http://127.0.0.1:9/x"


def test_where_the_product_speaks_https_so_must_the_provider(owner: Client, settings: Any) -> None:
    settings.PUBLIC_SCHEME = "https"
    assert "https://" in errors_of(add(owner))["issuer"][0]


def test_two_providers_cannot_share_a_name(owner: Client) -> None:
    add(owner)
    assert "name" in errors_of(add(owner))


def test_two_names_alike_get_addresses_of_their_own(owner: Client) -> None:
    add(owner)
    add(owner, name="acme login!")
    slugs = IdentityProvider.objects.order_by("pk").values_list("slug", flat=True)
    assert list(slugs) == ["acme-login", "acme-login-2"]


def test_an_empty_secret_keeps_the_stored_one(owner: Client) -> None:
    page = add(owner)["Location"]
    owner.post(page, {**FORM, "client_secret": "", "name": "Renamed"})
    provider = IdentityProvider.objects.get()
    assert (provider.name, provider.slug, provider.client_secret) == (
        "Renamed",
        "acme-login",
        "first-secret",
    )


def test_another_issuer_does_not_get_the_stored_secret(owner: Client) -> None:
    page = add(owner)["Location"]
    answer = owner.post(page, {**FORM, "client_secret": "", "issuer": "http://127.0.0.1:9/other"})
    assert "client_secret" in errors_of(answer)
    assert IdentityProvider.objects.get().issuer == FORM["issuer"]


def test_another_issuer_forgets_who_was_known_at_the_old_one(owner: Client, ada: User) -> None:
    page = add(owner)["Location"]
    provider = IdentityProvider.objects.get()
    ExternalIdentity.objects.create(provider=provider, subject="1", user=ada)
    owner.post(page, {**FORM, "name": "Renamed"})
    assert ExternalIdentity.objects.count() == 1
    owner.post(page, {**FORM, "issuer": "http://127.0.0.1:9/other"})
    assert ExternalIdentity.objects.count() == 0


def test_a_public_client_forgets_its_secret(owner: Client) -> None:
    page = add(owner)["Location"]
    owner.post(page, {**FORM, "client_kind": "public", "client_secret": ""})
    assert IdentityProvider.objects.get().client_secret == ""


def test_only_a_disabled_provider_is_removed(owner: Client) -> None:
    page = add(owner)["Location"]
    owner.post(f"{page}remove/")
    assert IdentityProvider.objects.exists()
    owner.post(page, {**FORM, "is_active": ""})
    assert owner.post(f"{page}remove/")["Location"] == "/settings/sso/"
    assert not IdentityProvider.objects.exists()


def test_a_test_says_what_the_provider_answers(
    owner: Client, openid: OpenIdProvider, provider: IdentityProvider
) -> None:
    answer = owner.post(f"/settings/sso/{provider.pk}/test/")
    assert [step.state for step in answer.context["steps"]] == ["ok", "ok", "ok"]
    assert "The provider answers" in answer.content.decode()
    assert CLIENT_SECRET not in answer.content.decode()


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"issuer": "http://127.0.0.1:9/"}, "calls itself “http://127.0.0.1:9/”"),
        ({"token_endpoint": None}, "names no token_endpoint"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri cannot be used"),
        (
            {"authorization_endpoint": "javascript:alert(1)"},
            "authorization_endpoint cannot be used",
        ),
        ({"userinfo_endpoint": ["x"]}, "names no userinfo_endpoint"),
        ({"jwks_uri": "http://169.254.169.254/keys"}, "private or reserved address"),
        ({"jwks_uri": "http://10.0.0.1/keys"}, "private or reserved address"),
    ],
)
def test_a_test_names_what_is_wrong(
    owner: Client,
    openid: OpenIdProvider,
    provider: IdentityProvider,
    metadata: dict[str, Any],
    words: str,
) -> None:
    openid.metadata = metadata
    answer = owner.post(f"/settings/sso/{provider.pk}/test/")
    assert words in answer.content.decode()
    assert not answer.context["passed"]


def test_a_provider_without_a_usable_key_does_not_pass(
    owner: Client, openid: OpenIdProvider, provider: IdentityProvider
) -> None:
    openid.published = [{**RSA_KEY.as_dict(private=False), "use": "enc"}]
    answer = owner.post(f"/settings/sso/{provider.pk}/test/")
    assert answer.context["steps"][1].code == "keys_unusable"


def test_admins_read_and_test_but_change_nothing(
    browser: Client, openid: OpenIdProvider, provider: IdentityProvider
) -> None:
    sign_in(browser, UserFactory.create(role=Role.ADMIN))
    page = f"/settings/sso/{provider.pk}/"
    assert browser.get("/settings/sso/").status_code == 200
    assert "Only owners change" in browser.get(page).content.decode()
    assert browser.post(f"{page}test/").status_code == 200
    assert browser.get("/settings/sso/add/").status_code == 403
    for path in (page, f"{page}remove/", "/settings/sso/add/", "/settings/sso/passwords/"):
        assert browser.post(path, {**FORM, "allowed": "no"}).status_code == 403
    assert IdentityProvider.objects.get().name == "Keycloak"


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_others_see_nothing_of_it(browser: Client, provider: IdentityProvider, role: Role) -> None:
    sign_in(browser, UserFactory.create(role=role))
    for path in ("/settings/sso/", f"/settings/sso/{provider.pk}/"):
        assert browser.get(path).status_code == 403


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30])
def test_there_is_no_such_provider(owner: Client, number: str) -> None:
    assert owner.get(f"/settings/sso/{number}/").status_code == 404
    assert owner.post(f"/settings/sso/{number}/test/").status_code == 404
