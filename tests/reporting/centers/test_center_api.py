"""Cost centres as programs keep them: a tree that stays one, and nothing deleted that is used."""

from typing import Any

import pytest
from django.test import Client

from costinsights.accounts.models import Role, User
from reporting.models import CostCenter, Period
from reporting.statements.closing import close, prepare
from tests.factories.accounts import UserFactory
from tests.reporting.statements.programs import Program

pytestmark = pytest.mark.django_db
NEW = {"code": "CC100", "name": "Checkout"}


def made(program: Program, **values: Any) -> dict[str, Any]:
    answer = program("post", "cost-centers/", {**NEW, **values})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_a_tree_is_made_level_by_level(program: Program) -> None:
    made(program, code="ACME", name="Acme", level="organisation")
    made(program, code="ENG", name="Engineering", level="department", parent="ACME")
    center = made(program, parent="ENG", gl_account="6200", valid_from="2026-01-01")
    assert (center["parent"], center["level"], center["valid_to"]) == ("ENG", "cost_center", None)
    listed = program("get", "cost-centers/").json()["results"]
    assert [one["code"] for one in listed] == ["ACME", "CC100", "ENG"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "a b"}, "code"),
        ({"parent": "NONE"}, "parent"),
        ({"owner_email": "x"}, "owner_email"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-02-01"}, "valid_to"),
        ({"valid_to": "1802-02-01"}, "valid_to"),
        ({"readers": ["nobody@acme.test"]}, "readers"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    program: Program, values: dict[str, Any], field: str
) -> None:
    answer = program("post", "cost-centers/", {**NEW, **values})
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert not CostCenter.objects.exists()


def test_nothing_stands_under_its_own_level_or_itself(program: Program) -> None:
    upper = made(program, code="ENG", level="department")
    lower = made(program, code="SHOP", parent="ENG")
    for pk, parent in ((upper["id"], "SHOP"), (lower["id"], "SHOP"), (upper["id"], "ENG")):
        answer = program("patch", f"cost-centers/{pk}/", {"parent": parent})
        assert (answer.status_code, answer.json()["field"]) == (400, "parent")
    assert (
        program("patch", f"cost-centers/{upper['id']}/", {"level": "cost_center"}).status_code
        == 409
    )


def test_moving_and_retiring_leave_the_rest_as_it_is(program: Program, analyst: User) -> None:
    made(program, code="ENG", level="department")
    center = made(program, owner_email=analyst.email.upper(), readers=[analyst.email])
    assert center["owner_is_member"]
    changed = program(
        "patch", f"cost-centers/{center['id']}/", {"parent": "ENG", "valid_to": "2027-01-01"}
    ).json()
    assert changed == {**center, "parent": "ENG", "valid_to": "2027-01-01"}


def test_a_code_is_given_once(program: Program) -> None:
    made(program)
    answer = program("post", "cost-centers/", NEW)
    assert (answer.status_code, answer.json()["field"]) == (409, "code")


def test_what_is_used_cannot_be_deleted(
    program: Program, october: Period, centers: dict[str, CostCenter], approver: User
) -> None:
    free = made(program)
    assert program("delete", f"cost-centers/{free['id']}/").status_code == 204
    close(prepare(october, by=program.member), by=approver)
    address = f"cost-centers/{centers['SHOP'].pk}/"
    refused = program("delete", address).json()
    assert refused["used_by"][0] == "2 mapping rules"
    assert "End its validity instead" in refused["detail"]
    renamed = program("patch", address, {"code": "STORE"})
    assert (renamed.status_code, renamed.json()["field"]) == (409, "code")


def test_cost_centres_and_rules_are_for_analysts_who_see_everything(
    centers: dict[str, CostCenter],
) -> None:
    limited = Program(role=Role.ANALYST, scope_namespaces=["shop"])
    for program in (Program(role=Role.VIEWER), limited):
        for path in ("cost-centers/", "mapping-rules/", "share-rules/"):
            assert program("get", path).status_code == 403
            assert program("post", path, NEW).status_code == 403


def test_another_member_is_no_owner_by_a_gone_members_mail(program: Program) -> None:
    gone = UserFactory.create(is_active=False)
    assert not made(program, owner_email=gone.email)["owner_is_member"]


def test_nobody_reads_without_signing_in(acme: Any) -> None:
    assert Client(HTTP_HOST="acme.localhost").get("/api/v1/cost-centers/").status_code == 401
