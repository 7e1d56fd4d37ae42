"""Saved views by API and page: whose they are, who changes them, how they open."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from costinsights.accounts.models import Role, User
from costinsights.costs.models import Cluster, SavedView
from tenants.models import Tenant
from tests.costs.history.books import NOW, day, stored
from tests.costs.rows import cost_row
from tests.factories.costs import ClusterFactory

API = "/api/v1/saved-views/"
JSON: Any = {"content_type": "application/json"}
ASKED = {"window": "90d", "group_by": "cluster"}


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def prod(acme: Tenant) -> Cluster:
    cluster = ClusterFactory.create(name="Production", slug="prod")
    stored(cluster, day(25).start, [cost_row(cpu_cost=3_000_000, minutes=1440.0)])
    return cluster


def save(client: Client, name: str = "By cluster", **fields: Any) -> dict[str, Any]:
    body = {"name": name, "parameters": ASKED, **fields}
    answer = client.post(API, body, **JSON)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_view_opens_the_page_it_was_saved_from(member_of: Any, prod: Cluster) -> None:
    viewer = member_of(Role.VIEWER)
    page = viewer.get("/history/", {**ASKED, "chart": "lines", "step": "day"})
    form = {"name": "Mine", "state": page.context["state_text"]}

    opened = viewer.post("/history/views/save/", form, follow=True)

    assert SavedView.objects.get().parameters == {**ASKED, "chart": "lines"}
    assert opened.context["saved_view"].view.name == "Mine"
    assert opened.context["is_modified"] is False
    assert "“Mine” is saved." in text(opened)


def test_a_page_that_differs_from_its_view_says_so(member_of: Any, prod: Cluster) -> None:
    viewer = member_of(Role.VIEWER)
    slug = save(viewer)["slug"]

    page = viewer.get("/history/", {**ASKED, "view": slug, "compare": "previous"})
    assert page.context["is_modified"] is True
    viewer.post(f"/history/views/{slug}/update/", {"state": page.context["state_text"]})

    assert SavedView.objects.get().parameters["compare"] == "previous"


def test_viewers_keep_private_views_and_analysts_share(member_of: Any) -> None:
    viewer, analyst = member_of(Role.VIEWER), member_of(Role.ANALYST)
    refused = viewer.post(API, {"name": "x", "parameters": {}, "is_shared": True}, **JSON)
    private, shared = save(analyst, "private"), save(analyst, "shared", is_shared=True)

    assert refused.status_code == 403
    assert [view["name"] for view in viewer.get(API).json()["results"]] == ["shared"]
    for path in (API, "/history/views/"):
        assert viewer.get(f"{path}{private['slug']}/").status_code == 404
        assert viewer.get(f"{path}{shared['slug']}/").status_code in (200, 302)


def test_shared_views_are_changed_by_their_owner_and_admins(member_of: Any) -> None:
    owner, other, admin = (member_of(r) for r in (Role.ANALYST, Role.ANALYST, Role.ADMIN))
    address = f"{API}{save(owner, is_shared=True)['slug']}/"

    assert other.patch(address, {"name": "taken"}, **JSON).status_code == 403
    assert other.delete(address).status_code == 403
    assert admin.patch(address, {"folder": "Teams"}, **JSON).json()["folder"] == "Teams"
    assert other.patch(address, {"is_starred": True}, **JSON).json()["is_starred"] is True
    assert owner.get(address).json()["is_starred"] is False


def test_a_limited_member_sees_no_view_of_others(member_of: Any) -> None:
    limited = member_of(Role.VIEWER, scope_namespaces=["web"])
    shared = save(member_of(Role.ANALYST), is_shared=True)

    assert limited.get(API).json()["results"] == []
    assert limited.get(f"{API}{shared['slug']}/").status_code == 404


def test_the_history_page_opens_with_the_first_view(member_of: Any, prod: Cluster) -> None:
    viewer = member_of(Role.VIEWER)
    slug = save(viewer)["slug"]
    viewer.post(f"/history/views/{slug}/mark/", {"default": "1"})

    opened = viewer.get("/history/")
    assert opened.status_code == 302
    assert opened["Location"].endswith(f"view={slug}")
    assert viewer.get("/history/", {"window": "30d"}).status_code == 200
    viewer.delete(f"{API}{slug}/")
    assert viewer.get("/history/").status_code == 200


def test_deleting_can_be_undone_for_a_day(member_of: Any) -> None:
    viewer = member_of(Role.VIEWER)
    slug = save(viewer)["slug"]
    page = viewer.post(f"/history/views/{slug}/delete/", follow=True)
    assert "is deleted" in text(page)
    viewer.post(f"/history/views/{slug}/restore/")
    assert viewer.get(f"{API}{slug}/").status_code == 200

    viewer.delete(f"{API}{slug}/")
    SavedView.objects.update(deleted_at=NOW - dt.timedelta(hours=25))
    assert viewer.post(f"{API}{slug}/restore").status_code == 404


def test_a_view_of_something_that_is_gone_opens_with_a_notice(
    member_of: Any, prod: Cluster
) -> None:
    viewer = member_of(Role.VIEWER)
    slug = save(viewer, parameters={"cluster": "gone", "group_by": "node"})["slug"]

    page = viewer.get(f"/history/views/{slug}/", follow=True)

    assert "cannot be shown as it was saved" in text(page)
    assert page.context["answer"].query.group_by_text == "node"


@pytest.mark.parametrize(
    "parameters", [{"nothing": "1"}, {"window": "soon"}, {"filter": "namespace:"}]
)
def test_what_the_page_cannot_show_is_not_saved(member_of: Any, parameters: Any) -> None:
    answer = member_of(Role.VIEWER).post(API, {"name": "x", "parameters": parameters}, **JSON)
    assert answer.status_code == 400


def test_a_name_is_taken_once_and_the_form_keeps_what_was_typed(member_of: Any) -> None:
    viewer = member_of(Role.VIEWER)
    save(viewer, "Costs")

    answer = viewer.post("/history/views/save/", {"name": "costs", "folder": "F", "state": ""})

    assert answer.status_code == 422
    assert "already" in text(answer)
    assert 'value="F"' in text(answer)


def test_views_are_found_by_name_and_folder(member_of: Any) -> None:
    viewer = member_of(Role.VIEWER)
    save(viewer, "Alpha", folder="Teams")
    save(viewer, "Beta")

    assert "Beta" not in text(viewer.get("/history/views/", {"q": "team"}))
    assert "No view has this name" in text(viewer.get("/history/views/", {"q": "zeta"}))


def test_a_former_members_shared_view_stays(member_of: Any) -> None:
    save(member_of(Role.ANALYST, email="gone@acme.test"), is_shared=True)
    User.objects.get(email="gone@acme.test").delete()

    assert "By a former member" in text(member_of(Role.VIEWER).get("/history/views/"))


def test_a_former_members_view_is_deleted_but_never_hidden_from_everybody(member_of: Any) -> None:
    slug = save(member_of(Role.ANALYST, email="gone@acme.test"), is_shared=True)["slug"]
    User.objects.get(email="gone@acme.test").delete()
    admin = member_of(Role.ADMIN)

    assert admin.patch(f"{API}{slug}/", {"is_shared": False}, **JSON).status_code == 409
    assert admin.delete(f"{API}{slug}/").status_code == 204


def test_deleted_views_do_not_count_against_the_most(
    member_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("costinsights.costs.saved_views.services.MOST_OF_A_MEMBER", 1)
    viewer = member_of(Role.VIEWER)
    first = save(viewer)["slug"]
    assert viewer.post(API, {"name": "x", "parameters": {}}, **JSON).status_code == 409

    viewer.delete(f"{API}{first}/")
    save(viewer, "second")


def test_listing_takes_no_more_queries_for_more_views(member_of: Any) -> None:
    viewer = member_of(Role.VIEWER)
    counts = []
    for names in (["a"], ["b", "c", "d"]):
        for name in names:
            save(viewer, name)
        with CaptureQueriesContext(connection) as queries:
            assert viewer.get(API).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
