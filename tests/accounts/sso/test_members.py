"""Who somebody is here: links, new members, roles from groups, and who stays out."""

from typing import Any

import pytest

from costinsights.accounts.models import (
    AuditEntry,
    ExternalIdentity,
    IdentityProvider,
    Role,
    TenantSession,
    User,
)
from tests.accounts.people import is_signed_in, sign_in
from tests.accounts.sso.conftest import Journey, reason_of
from tests.factories.accounts import UserFactory


def rule(**values: Any) -> None:
    """Change what acme says about its provider."""
    IdentityProvider.objects.update(**values)


def by_groups(**mapping: str) -> None:
    rule(role_claim="groups", role_mapping=mapping)


OPEN_DOOR = {
    "creates_members": True,
    "allowed_email_domains": ["people.test"],
    "default_role": "viewer",
}


def test_a_verified_address_links_an_existing_member(ada: User, journey: Journey) -> None:
    journey.go()
    identity = ExternalIdentity.objects.get()
    assert (identity.user, identity.subject) == (ada, "subject-1")
    assert identity.last_used_at is not None


@pytest.mark.parametrize("verified", [None, False, "false", 0, 1, "yes", []])
def test_an_address_that_is_not_verified_links_nobody(
    ada: User, journey: Journey, verified: object
) -> None:
    journey.openid.person["email_verified"] = verified
    assert reason_of(journey.go()) == "email_not_verified"


@pytest.mark.parametrize(
    "claim", [{"email_verified": "true"}, {"xms_edov": True}, {"xms_edov": "1"}]
)
def test_other_ways_to_say_verified_are_understood(
    ada: User, journey: Journey, claim: dict[str, object]
) -> None:
    journey.openid.person.pop("email_verified")
    journey.openid.person.update(claim)
    assert journey.go().status_code == 302


@pytest.mark.parametrize(
    "email",
    [None, "", 7, "ada", "ada@", "a da@people.test", "ada@people.test\0", "ädä@people.test"],
)
def test_without_a_usable_address_nobody_is_recognised(
    ada: User, journey: Journey, email: object
) -> None:
    journey.openid.person["email"] = email
    assert reason_of(journey.go()) == "email_missing"


def test_an_address_is_matched_in_any_case(ada: User, journey: Journey) -> None:
    journey.openid.person["email"] = "ADA@People.Test"
    assert journey.go().status_code == 302


def test_a_stranger_stays_out_where_nobody_is_made(journey: Journey) -> None:
    assert reason_of(journey.go()) == "not_a_member"
    assert User.objects.count() == 0


def test_a_stranger_becomes_a_member_where_the_door_is_open(journey: Journey) -> None:
    rule(**OPEN_DOOR)
    journey.go()
    made = User.objects.get()
    assert (made.email, made.name, made.role) == ("ada@people.test", "Ada", Role.VIEWER)
    assert not made.has_usable_password()
    assert is_signed_in(journey.browser)


@pytest.mark.parametrize(
    "email",
    ["ada@people.test.evil.test", "ada@evil.test", "ada@sub.people.test", "x@evilpeople.test"],
)
def test_only_the_named_domains_make_members(journey: Journey, email: str) -> None:
    rule(**OPEN_DOOR)
    journey.openid.person["email"] = email
    assert reason_of(journey.go()) == "domain_not_allowed"


def test_a_strange_name_is_made_readable(journey: Journey) -> None:
    rule(**OPEN_DOOR)
    journey.openid.person["name"] = "Ada\0\n<b>\u202eLovelace</b>" + "x" * 200
    journey.go()
    assert User.objects.get().name.startswith("Ada <b> Lovelace</b>")
    assert len(User.objects.get().name) == 120


def test_a_deactivated_member_stays_out(ada: User, journey: Journey) -> None:
    rule(**OPEN_DOOR)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert reason_of(journey.go()) == "member_deactivated"
    ExternalIdentity.objects.create(
        provider=IdentityProvider.objects.get(), subject="subject-1", user=ada
    )
    assert reason_of(journey.go()) == "member_deactivated"


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["staff"], Role.ANALYST),
        (["staff", "platform"], Role.ADMIN),
        (["platform", "staff", "unknown"], Role.ADMIN),
        ("staff", Role.ANALYST),
        (["founders"], Role.OWNER),
        ([7, None, {"a": 1}, "staff"], Role.ANALYST),
    ],
)
def test_the_highest_matching_group_counts(journey: Journey, groups: object, role: Role) -> None:
    bob = UserFactory.create(email="ada@people.test", role=Role.VIEWER)
    by_groups(staff="analyst", platform="admin", founders="owner")
    journey.openid.person["groups"] = groups
    journey.go()
    bob.refresh_from_db()
    assert bob.role == role


@pytest.mark.parametrize("groups", [None, [], ["Staff"], ["staff "], {"staff": True}, 7])
def test_without_a_match_and_a_default_there_is_a_clear_refusal(
    ada: User, journey: Journey, groups: object
) -> None:
    by_groups(staff="analyst")
    journey.openid.person["groups"] = groups
    refused = journey.go()
    assert (refused.status_code, reason_of(refused)) == (403, "no_role")
    assert "which group you need" in refused.content.decode()


def test_without_a_match_the_default_counts(journey: Journey) -> None:
    bob = UserFactory.create(email="ada@people.test", role=Role.ADMIN)
    by_groups(staff="analyst")
    rule(default_role="viewer")
    journey.go()
    bob.refresh_from_db()
    assert bob.role == Role.VIEWER


def test_nobody_becomes_owner_by_default(journey: Journey) -> None:
    """The form refuses such a default; a row written past it changes nothing either."""
    rule(**{**OPEN_DOOR, "default_role": "owner"})
    assert reason_of(journey.go()) == "no_role"


def test_without_a_claim_a_member_keeps_their_role(ada: User, journey: Journey) -> None:
    rule(default_role="viewer")
    journey.go()
    ada.refresh_from_db()
    assert ada.role == Role.OWNER


def test_the_last_owner_stays_owner_whatever_the_groups_say(ada: User, journey: Journey) -> None:
    by_groups(staff="viewer")
    journey.openid.person["groups"] = ["staff"]
    assert journey.go().status_code == 302
    ada.refresh_from_db()
    assert ada.role == Role.OWNER


def test_an_owner_who_is_not_the_last_follows_the_groups(ada: User, journey: Journey) -> None:
    UserFactory.create(role=Role.OWNER)
    by_groups(staff="viewer")
    journey.openid.person["groups"] = ["staff"]
    journey.go()
    ada.refresh_from_db()
    assert ada.role == Role.VIEWER


def test_another_role_ends_the_other_sessions(journey: Journey, client_of: Any, acme: Any) -> None:
    bob = UserFactory.create(email="ada@people.test", role=Role.ADMIN)
    elsewhere = client_of(acme)
    sign_in(elsewhere, bob)
    by_groups(staff="viewer")
    journey.openid.person["groups"] = ["staff"]
    journey.go()
    assert not is_signed_in(elsewhere)
    assert is_signed_in(journey.browser)
    assert TenantSession.objects.filter(user=bob).count() == 1


def test_a_limited_member_who_becomes_admin_is_limited_no_more(journey: Journey) -> None:
    bob = UserFactory.create(email="ada@people.test", role=Role.VIEWER, scope_namespaces=["shop"])
    by_groups(platform="admin")
    journey.openid.person["groups"] = ["platform"]
    assert journey.go().status_code == 302
    bob.refresh_from_db()
    assert (bob.role, bob.scope_namespaces) == (Role.ADMIN, [])


@pytest.mark.parametrize(
    ("path", "claim"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["staff"]}}),
        ("https://acme.test/roles", {"https://acme.test/roles": ["staff"]}),
        ("a.b", {"a.b": ["staff"], "a": {"b": ["other"]}}),
    ],
)
def test_a_claim_is_found_by_its_name_or_its_path(
    ada: User, journey: Journey, path: str, claim: dict[str, object]
) -> None:
    UserFactory.create(role=Role.OWNER)
    rule(role_claim=path, role_mapping={"staff": "analyst"})
    journey.openid.person.update(claim)
    journey.go()
    ada.refresh_from_db()
    assert ada.role == Role.ANALYST


def test_groups_that_only_userinfo_knows_are_read_there(ada: User, journey: Journey) -> None:
    UserFactory.create(role=Role.OWNER)
    by_groups(staff="analyst")
    journey.openid.person["groups"] = ["staff"]
    journey.openid.userinfo_claims = ("groups",)
    journey.go()
    ada.refresh_from_db()
    assert ada.role == Role.ANALYST


def test_a_refusal_changes_nothing(journey: Journey) -> None:
    rule(**{**OPEN_DOOR, "default_role": ""}, role_claim="groups", role_mapping={"a": "viewer"})
    assert reason_of(journey.go()) == "no_role"
    assert User.objects.count() == ExternalIdentity.objects.count() == 0


def test_the_log_says_who_came_in_how_and_who_did_not(ada: User, journey: Journey) -> None:
    journey.go()
    journey.openid.token_claims = {"nonce": "x"}
    journey.go()
    done, failed = AuditEntry.objects.filter(action__startswith="sign_in.").order_by("pk")
    assert (done.action, done.details["method"], done.details["provider"]) == (
        "sign_in.succeeded",
        "sso",
        "keycloak",
    )
    assert (failed.action, failed.details["reason"]) == ("sign_in.failed", "nonce_wrong")


def test_what_the_provider_changes_is_written_in_its_name(journey: Journey) -> None:
    UserFactory.create(email="ada@people.test", role=Role.ADMIN)
    by_groups(staff="viewer")
    journey.openid.person["groups"] = ["staff"]
    journey.go()
    entry = AuditEntry.objects.filter(actor_label="single sign-on: Keycloak").first()
    assert entry is not None
