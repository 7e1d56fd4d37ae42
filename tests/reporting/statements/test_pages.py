"""Pages of months and statements: what they say, and to whom."""

from typing import Any

import pytest
from django.test import Client

from costinsights.accounts.models import Role, User
from reporting import tasks
from reporting.models import CostCenter, Dispute, Period, Statement
from reporting.statements.closing import close, prepare
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
OCTOBER = "/reporting/months/2026-10/"


def browser_of(member: User) -> Client:
    client = Client(HTTP_HOST="acme.localhost")
    client.force_login(member)  # type: ignore[arg-type]  # the stubs know one kind of user
    return client


@pytest.fixture
def closed(october: Period, analyst: User, approver: User) -> Period:
    close(prepare(october, by=analyst), by=approver)
    october.refresh_from_db()
    return october


def test_the_list_shows_state_and_reconciliation(closed: Period, analyst: User) -> None:
    text = browser_of(analyst).get("/reporting/").content.decode()
    assert "Closed r1" in text
    assert "Δ $0.00" in text


def test_a_month_that_is_chosen_is_prepared(prod: Any, rules: None, analyst: User) -> None:
    answer = browser_of(analyst).post("/reporting/", {"month": "2026-10"})
    assert answer.headers["Location"] == OCTOBER
    assert Period.objects.get().work_state == "queued"
    assert browser_of(analyst).post("/reporting/", {"month": "nonsense"}).status_code == 422


def test_who_prepared_a_month_reads_why_they_cannot_close_it(
    october: Period, approver: User
) -> None:
    prepare(october, by=approver)
    page = browser_of(approver).get(OCTOBER).content.decode()
    assert "You prepared it yourself" in page
    assert f"{OCTOBER}close/" not in page
    refused = browser_of(approver).post(f"{OCTOBER}close/", {"override_reason": "kept words"})
    assert refused.status_code == 422
    assert "Whoever prepared a month does not close it" in refused.content.decode()


def test_a_viewer_sees_own_statements_and_no_month(
    closed: Period, centers: dict[str, CostCenter]
) -> None:
    viewer = UserFactory.create(role=Role.VIEWER)
    centers["PAY"].readers.add(viewer)
    client = browser_of(viewer)
    text = client.get("/reporting/").content.decode()
    assert "CI-2026-10-PAY-r1" in text
    assert "SHOP" not in text
    assert client.get(OCTOBER).status_code == 403
    own, other = (Statement.objects.get(code=code).pk for code in ("PAY", "SHOP"))
    for place in ("", "lines/1/", "diff/1/", "files/csv/"):
        assert client.get(f"/reporting/statements/{own}/{place}").status_code == 200
        assert client.get(f"/reporting/statements/{other}/{place}").status_code == 404


def test_lines_are_walked_level_by_level(closed: Period, analyst: User) -> None:
    address = f"/reporting/statements/{Statement.objects.get(code='SHOP').pk}/"
    client = browser_of(analyst)
    assert "?cluster=prod#lines" in client.get(address).content.decode()
    deep = "?cluster=prod&namespace=shop&controller_kind=deployment&controller=web"
    assert "why?" in client.get(address + deep).content.decode()


def test_a_dispute_that_says_nothing_keeps_the_page(closed: Period, analyst: User) -> None:
    address = f"/reporting/statements/{Statement.objects.get(code='SHOP').pk}/"
    refused = browser_of(analyst).post(f"{address}dispute/", {"text": "odd", "position": "9999"})
    assert refused.status_code == 422
    assert ">odd</textarea>" in refused.content.decode()


def test_both_kinds_of_verify_say_that_it_holds(closed: Period, analyst: User) -> None:
    client, pk = browser_of(analyst), Statement.objects.get(code="SHOP").pk
    assert "Everything holds" in client.post(f"{OCTOBER}verify/").content.decode()
    assert "It holds" in client.post(f"/reporting/statements/{pk}/verify/").content.decode()


def test_owners_and_preparers_get_mails(
    closed: Period, analyst: User, mailoutbox: list[Any]
) -> None:
    statement = Statement.objects.get(code="PAY")
    tasks.tell_of_statement.run(statement.pk)
    made = Dispute.objects.create(statement=statement, text="no", raised_by=analyst)
    tasks.tell_of_dispute.run(made.pk)
    issued, disputed = mailoutbox[0], mailoutbox[-1]
    assert issued.to == ["pay@acme.test"]
    assert f"/reporting/statements/{statement.pk}/" in issued.body
    assert "is disputed" in disputed.subject
