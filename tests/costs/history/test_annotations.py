"""Notes beside the costs of a day: who writes them, who reads them, where they show."""

from typing import Any

import pytest
import time_machine
from django.test import Client

from costinsights.accounts.models import Role
from costinsights.costs.models import Annotation, Cluster
from tenants.models import Tenant
from tests.costs.history.books import NOW, day, stored
from tests.costs.rows import cost_row
from tests.factories.costs import ClusterFactory

API = "/api/v1/annotations/"
JSON: Any = {"content_type": "application/json"}
NOTE = {"first_day": "2026-11-02", "text": "Moved to spot nodes"}
PERIOD = {"start": "2026-11-01", "end": "2026-11-03", "step": "day"}


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def prod(acme: Tenant) -> Cluster:
    cluster = ClusterFactory.create(name="Production", slug="prod")
    stored(cluster, day(5).start, [cost_row(cpu_cost=3_000_000, minutes=1440.0)])
    return cluster


def shown(client: Client, **asked: str) -> list[str]:
    """The texts of the notes on the history page."""
    return [note.text for note in client.get("/history/", {**PERIOD, **asked}).context["notes"]]


def test_analysts_write_what_every_member_reads(member_of: Any, prod: Cluster) -> None:
    viewer, analyst = member_of(Role.VIEWER), member_of(Role.ANALYST)

    assert viewer.post(API, NOTE, **JSON).status_code == 403
    assert analyst.post(API, NOTE, **JSON).json()["last_day"] == "2026-11-02"
    assert shown(viewer) == ["Moved to spot nodes"]
    assert shown(viewer, end="2026-11-02") == []


def test_a_note_shows_where_its_part_of_the_costs_is_looked_at(
    member_of: Any, prod: Cluster
) -> None:
    analyst = member_of(Role.ANALYST)
    ClusterFactory.create(slug="other")
    analyst.post(API, {**NOTE, "cluster": "prod", "filter": 'namespace:"shop"'}, **JSON)

    assert shown(analyst) == ["Moved to spot nodes"]
    assert shown(analyst, cluster="other") == []
    assert shown(analyst, filter='namespace:"web"') == []
    assert len(shown(analyst, filter='namespace:"shop"+controllerKind:"deployment"')) == 1


def test_a_limited_member_reads_no_note_about_a_part(member_of: Any, prod: Cluster) -> None:
    limited, analyst = (
        member_of(Role.VIEWER, scope_namespaces=["shop"]),
        member_of(Role.ANALYST),
    )
    scoped = analyst.post(API, {**NOTE, "filter": 'namespace:"web"'}, **JSON).json()
    analyst.post(API, {**NOTE, "text": "For all"}, **JSON)

    assert [note["text"] for note in limited.get(API).json()["results"]] == ["For all"]
    assert limited.get(f"{API}{scoped['id']}/").status_code == 404
    assert shown(limited) == ["For all"]


def test_notes_are_changed_by_whoever_wrote_them_and_admins(member_of: Any) -> None:
    author, other, admin = (member_of(r) for r in (Role.ANALYST, Role.ANALYST, Role.ADMIN))
    address = f"{API}{author.post(API, NOTE, **JSON).json()['id']}/"

    assert other.patch(address, {"text": "x"}, **JSON).status_code == 403
    assert author.patch(address, {"text": "Corrected"}, **JSON).json()["text"] == "Corrected"
    assert admin.delete(address).status_code == 204


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("last_day", "2026-11-01"),
        ("first_day", "1999-01-01"),
        ("text", "   "),
        ("cluster", "gone"),
        ("filter", "namespace:"),
    ],
)
def test_what_a_note_cannot_be_is_said(member_of: Any, field: str, value: str) -> None:
    answer = member_of(Role.ANALYST).post(API, {**NOTE, field: value}, **JSON)
    assert answer.status_code == 400


def test_a_note_is_written_corrected_and_removed_by_page(member_of: Any, prod: Cluster) -> None:
    analyst = member_of(Role.ANALYST)
    back = "window=90d"
    form = {**NOTE, "back": back}

    assert analyst.post("/history/notes/", {**form, "text": ""}).status_code == 422
    assert analyst.post("/history/notes/", form)["Location"] == f"/history/?{back}"
    row = Annotation.objects.get()
    page = analyst.get(f"/history/notes/{row.pk}/", {"back": back})
    assert "Moved to spot nodes" in page.content.decode()
    analyst.post(f"/history/notes/{row.pk}/", {**form, "text": "Corrected"})
    assert shown(analyst) == ["Corrected"]
    analyst.post(f"/history/notes/{row.pk}/remove/", {"back": back})
    assert shown(analyst) == []
