"""Every cell of the matrix of roles and actions, through every door: page and API, cookie and token."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.db import transaction
from django.test import Client
from django.utils import timezone

from costinsights.accounts import invitations
from costinsights.accounts.models import Role, Scope, User
from tenants.models import Tenant
from tests.docs.pages import PROJECT, page
from tests.factories.accounts import UserFactory, token_of
from tests.factories.costs import ClusterFactory

MATRIX = yaml.safe_load((PROJECT / "tests" / "data" / "role_matrix.yml").read_text())
DOOR = re.compile(r"(?P<method>[A-Z]+) (?P<path>\S+)(?: (?P<body>\{.*\}))?")
ROLES = [role.value for role in reversed(Role)]


DOORS = [(door, Role(action["needs"])) for action in MATRIX for door in action["doors"]]
API_DOORS = [(door, needs) for door, needs in DOORS if "/api/" in door]


def undone(act: Callable[[], int]) -> int:
    """What `act` answers; what it changed is taken back, so that the next door is as it was."""
    with transaction.atomic():
        status = act()
        transaction.set_rollback(True)
    return status


def knock(client: Client, door: str, places: dict[str, Any], **headers: str) -> int:
    """The status of one request, written as in the matrix."""
    found = DOOR.fullmatch(door)
    assert found, door
    path = found["path"].format(**places)
    body = json.loads(found["body"] or "{}")
    send = getattr(client, found["method"].lower())
    if found["method"] == "GET":
        return int(send(path, headers=headers).status_code)
    if path.startswith("/api/"):
        answer = send(path, body, content_type="application/json", headers=headers)
        return int(answer.status_code)
    return int(send(path, body).status_code)


@pytest.fixture
def places(acme: Tenant) -> dict[str, Any]:
    by = UserFactory.create(role=Role.OWNER)
    invitation = invitations.invite(
        by=by, email="guest@people.test", role=Role.VIEWER, at=timezone.now()
    )
    return {
        "member": UserFactory.create().pk,
        "owner": UserFactory.create(role=Role.OWNER).pk,
        "invitation": invitation.pk,
        "cluster": ClusterFactory.create().slug,
    }


def wrong_cells(
    client: Client,
    role: Role,
    doors: list[tuple[str, Role]],
    places: dict[str, Any],
    **headers: str,
) -> list[str]:
    """The doors that answer this role otherwise than the matrix says."""
    wrong = []
    for door, needs in doors:
        status = undone(lambda door=door: knock(client, door, places, **headers))  # type: ignore[misc]  # bound now
        if (status >= 400) if role.at_least(needs) else (status != 403):
            wrong.append(f"{role} {door}: {status}")
    return wrong


@pytest.mark.parametrize("role", list(Role))
def test_a_browser_gets_through_the_doors_of_its_role(
    browser: Client, places: dict[str, Any], role: Role
) -> None:
    member: User = UserFactory.create(role=role)
    browser.force_login(member)  # type: ignore[arg-type]  # the stubs know one kind of user
    assert wrong_cells(browser, role, DOORS, places) == []


@pytest.mark.parametrize("role", list(Role))
def test_a_token_gets_through_the_doors_of_its_members_role(
    browser: Client, places: dict[str, Any], role: Role
) -> None:
    bearer = f"Bearer {token_of(UserFactory.create(role=role), *Scope)}"
    assert wrong_cells(browser, role, API_DOORS, places, Authorization=bearer) == []


def test_nobody_gets_through_any_door_without_signing_in(
    browser: Client, places: dict[str, Any]
) -> None:
    answers = {door: knock(browser, door, places) for door, _ in DOORS}
    assert {door: code for door, code in answers.items() if code not in (302, 401, 403)} == {}


def test_a_token_that_only_reads_changes_nothing(browser: Client, places: dict[str, Any]) -> None:
    bearer = f"Bearer {token_of(UserFactory.create(role=Role.OWNER), Scope.READ)}"
    changing = [door for door, _ in API_DOORS if not door.startswith("GET")]
    answers = {door: knock(browser, door, places, Authorization=bearer) for door in changing}
    assert {door: code for door, code in answers.items() if code != 403} == {}


def test_the_documentation_shows_the_matrix() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page("people.md").splitlines()
        if line.startswith("|") and ("✓" in line)
    ]
    expected = [
        [
            action["does"],
            *("✓" if Role(role).at_least(Role(action["needs"])) else "" for role in ROLES),
        ]
        for action in MATRIX
    ]
    assert rows == expected
