"""What a token may do at most: the lower of its member's role and its ceiling, from its networks only."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from costinsights.accounts import token_services
from costinsights.accounts.models import ApiToken, Role, Scope, User
from costinsights.core.errors import InvalidInput
from tests.factories.accounts import UserFactory, token_of

JSON = "application/json"


def ask(client: Client, token: str, path: str = "/api/v1/me", **extra: Any) -> Any:
    return client.get(path, HTTP_AUTHORIZATION=f"Bearer {token}", **extra)


@pytest.mark.parametrize(
    ("own", "ceiling", "effective"),
    [
        (Role.OWNER, "", "owner"),
        (Role.OWNER, Role.ADMIN, "admin"),
        (Role.OWNER, Role.VIEWER, "viewer"),
        (Role.ANALYST, Role.OWNER, "analyst"),
        (Role.VIEWER, Role.VIEWER, "viewer"),
    ],
)
def test_the_lower_of_role_and_ceiling_counts(
    acme: Any, browser: Client, own: Role, ceiling: str, effective: str
) -> None:
    member = UserFactory.create(role=own)
    me = ask(browser, token_of(member, role_ceiling=ceiling)).json()
    assert (me["role"], me["effective_role"], me["token"]["role_ceiling"]) == (
        own,
        effective,
        ceiling,
    )


def test_a_lowered_owner_is_refused_what_needs_an_admin(ada: User, browser: Client) -> None:
    full = token_of(ada, *Scope)
    low = token_of(ada, *Scope, role_ceiling=Role.ANALYST)
    answers = {
        token: browser.post(
            "/api/v1/clusters/", {}, content_type=JSON, HTTP_AUTHORIZATION=f"Bearer {token}"
        )
        for token in (full, low)
    }
    assert answers[full].status_code == 400  # let in, and the empty body refused
    assert answers[low].status_code == 403
    assert "Admin" in answers[low].json()["detail"]


def test_a_ceiling_is_lowered_and_raised_by_nobody_but_the_token(
    ada: User, browser: Client
) -> None:
    ask(browser, token_of(ada, role_ceiling=Role.VIEWER))
    ada.refresh_from_db()
    assert (ada.role, User.objects.get(pk=ada.pk).effective_role) == (Role.OWNER, Role.OWNER)


@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        ([], "203.0.113.9", 200),
        (["203.0.113.0/24"], "203.0.113.9", 200),
        (["203.0.113.0/24"], "203.0.114.9", 401),
        (["203.0.113.9"], "203.0.113.9", 200),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", 200),
        (["203.0.113.0/24"], "2001:db8::1", 401),
        (["2001:db8::/32"], "2001:db8::1", 200),
        (["10.0.0.0/8", "2001:db8::/32"], "10.1.2.3", 200),
        (["0.0.0.0/0"], "not an address", 401),
    ],
)
def test_a_token_works_only_from_its_networks(
    ada: User, browser: Client, networks: list[str], address: str, status: int
) -> None:
    token = token_of(ada, networks=networks)
    assert ask(browser, token, REMOTE_ADDR=address).status_code == status


@pytest.mark.parametrize(("proxies", "status"), [(0, 401), (1, 200), (2, 401)])
def test_the_network_is_that_of_the_client_our_proxies_saw(
    ada: User, browser: Client, settings: Any, proxies: int, status: int
) -> None:
    settings.AXES_IPWARE_PROXY_COUNT = proxies or None
    token = token_of(ada, networks=["203.0.113.0/24"])
    seen = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.9"}
    assert ask(browser, token, **seen).status_code == status


def test_the_wrong_network_answers_like_an_unknown_token(ada: User, browser: Client) -> None:
    elsewhere = ask(browser, token_of(ada, networks=["203.0.113.0/24"]))
    unknown = ask(browser, "ci_")
    assert (elsewhere.status_code, elsewhere.content) == (401, unknown.content)
    assert ApiToken.objects.get().last_used_at is None


@pytest.mark.parametrize(
    "networks",
    [["x"], ["10.0.0.1/8"], ["10.0.0.0/33"], [""], [f"10.{n}.0.0/16" for n in range(21)]],
)
def test_what_is_no_network_is_refused(ada: User, networks: list[str]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        token_of(ada, networks=networks)
    assert refusal.value.field == "allowed_networks"


def test_networks_have_one_spelling(ada: User) -> None:
    token_of(ada, networks=["192.0.2.1", "192.0.2.1/32", "2001:DB8::/32"])
    assert ApiToken.objects.get().allowed_networks == ["192.0.2.1/32", "2001:db8::/32"]


@pytest.mark.parametrize("ceiling", ["boss", "Owner", " "])
def test_an_unknown_ceiling_is_refused(ada: User, ceiling: str) -> None:
    with pytest.raises(InvalidInput):
        token_of(ada, role_ceiling=ceiling)


def test_a_member_of_a_day_sees_admins_tokens_only_as_admin(ada: User, browser: Client) -> None:
    """Listing everybody's tokens goes by the lowered role, too."""
    viewer = UserFactory.create(role=Role.VIEWER)
    token_of(viewer, name="theirs")
    url = "/api/v1/tokens/?of=everybody"
    seen = ask(browser, token_of(ada), url)
    assert {row["member"] for row in seen.json()["results"]} == {ada.email, viewer.email}
    assert ask(browser, token_of(ada, role_ceiling=Role.ANALYST), url).status_code == 403
    assert ask(browser, token_of(viewer), url).status_code == 403
    assert ask(browser, token_of(ada), "/api/v1/tokens/?of=x").status_code == 400


def test_an_admin_ends_anybodys_token(ada: User, browser: Client) -> None:
    admin, viewer = UserFactory.create(role=Role.ADMIN), UserFactory.create(role=Role.VIEWER)
    owners, theirs = token_of(ada), token_of(viewer)
    key = {"Authorization": f"Bearer {token_of(admin, *Scope)}"}
    lowered = {"Authorization": f"Bearer {token_of(admin, *Scope, role_ceiling='viewer')}"}
    path = "/api/v1/tokens/{}/"
    assert browser.delete(path.format(theirs.split("_")[1]), headers=lowered).status_code == 404
    for text in (owners, theirs):
        assert browser.delete(path.format(text.split("_")[1]), headers=key).status_code == 204
        assert ask(browser, text).status_code == 401


def test_two_live_tokens_share_a_name_and_no_third(ada: User) -> None:
    now = timezone.now()
    for _ in range(2):
        token_of(ada, name="Grafana")
    with pytest.raises(Exception, match="live tokens are called"):
        token_of(ada, name="Grafana")
    token_of(UserFactory.create(), name="Grafana")
    ApiToken.objects.of(ada).update(expires_at=now + dt.timedelta(seconds=1))
    later = now + dt.timedelta(seconds=2)
    token_services.create_token(user=ada, name="Grafana", at=later)
