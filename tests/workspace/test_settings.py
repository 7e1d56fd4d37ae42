"""The workspace's settings: page, API, time zone of instants, lost updates."""

import datetime as dt
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import timezone

from costinsights.accounts.models import Role, Workspace
from costinsights.core.tenancy import public_context
from costinsights.costs.models import Cluster
from costinsights.workspace.settings.zones import zone_choices, zone_names, zone_of
from tenants.models import Tenant
from tests.factories.costs import ClusterFactory
from tests.workspace.browsers import browser_of

PAGE, API = "/settings/workspace/", "/api/v1/workspace/"
TYPED = {
    "name": "Acme Ltd",
    "reporting_currency": "EUR",
    "display_time_zone": "Europe/Berlin",
    "fiscal_year_start_month": "4",
}


def row_of(tenant: Tenant) -> Tenant:
    with public_context():
        found: Tenant = Tenant.objects.get(pk=tenant.pk)
        return found


def test_an_admin_saves_all_settings_at_once(acme: Tenant) -> None:
    answer = browser_of(acme).post(PAGE, TYPED)

    assert answer.status_code == 302
    row, workspace = row_of(acme), Workspace.load()
    assert (row.name, row.reporting_currency) == ("Acme Ltd", "EUR")
    assert (workspace.display_time_zone, workspace.fiscal_year_start_month) == ("Europe/Berlin", 4)
    assert workspace.settings_saved_at is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "   "),
        ("name", "x" * 121),
        ("reporting_currency", "ZZZ"),
        ("display_time_zone", "Mars/Olympus"),
        ("display_time_zone", "../../etc/passwd"),
        ("fiscal_year_start_month", "13"),
    ],
)
def test_a_setting_that_cannot_be_is_named_and_nothing_changes(
    acme: Tenant, field: str, value: str
) -> None:
    browser = browser_of(acme)
    page = browser.post(PAGE, {**TYPED, field: value})
    problem = browser.patch(API, {field: value}, content_type="application/json")

    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert problem.status_code == 400
    assert row_of(acme).name == "Acme"
    assert not Workspace.objects.exclude(display_time_zone="UTC").exists()


def test_a_save_over_somebody_elses_save_is_refused_and_keeps_what_was_typed(
    acme: Tenant,
) -> None:
    mine, theirs = browser_of(acme), browser_of(acme)
    seen = mine.get(PAGE).context["form"].initial["seen_version"]
    theirs.patch(API, {"reporting_currency": "GBP"}, content_type="application/json")

    refused = mine.post(PAGE, {**TYPED, "seen_version": seen})

    assert refused.status_code == 422
    assert refused.context["form"]["name"].value() == "Acme Ltd"
    assert row_of(acme).reporting_currency == "GBP"
    again = {**TYPED, "seen_version": refused.context["form"]["seen_version"].value()}
    assert mine.post(PAGE, again).status_code == 302


def test_changes_of_different_settings_do_not_undo_each_other(acme: Tenant) -> None:
    browser = browser_of(acme)
    for change in ({"name": "Acme 2"}, {"display_time_zone": "Asia/Tokyo"}):
        browser.patch(API, change, content_type="application/json")
    found = browser.get(API).json()
    assert (found["name"], found["display_time_zone"]) == ("Acme 2", "Asia/Tokyo")


def test_a_program_that_is_late_is_told(acme: Tenant) -> None:
    browser = browser_of(acme)
    version = browser.get(API).json()["version"]
    browser.patch(API, {"name": "First"}, content_type="application/json")
    late = browser.patch(
        API, {"name": "Second", "version": version}, content_type="application/json"
    )
    assert (late.status_code, late.json()["code"]) == (409, "settings_changed")
    assert row_of(acme).name == "First"


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_members_read_by_api_and_change_nothing(acme: Tenant, role: Role) -> None:
    browser = browser_of(acme, role)
    assert browser.get(API).json()["reporting_currency"] == "USD"
    assert browser.patch(API, {"name": "X"}, content_type="application/json").status_code == 403
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, TYPED).status_code == 403
    assert row_of(acme).name == "Acme"


def test_a_change_is_told_with_before_and_after(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(
        "costinsights.workspace.settings.services.record_event",
        lambda action, **rest: told.append((action, rest["details"])),
    )
    browser_of(acme).patch(API, {"reporting_currency": "EUR"}, content_type="application/json")
    before, after = {"reporting_currency": "USD"}, {"reporting_currency": "EUR"}
    assert told == [("workspace.changed", {"before": before, "after": after})]


def test_pages_show_instants_in_the_workspaces_zone_and_the_api_in_utc(acme: Tenant) -> None:
    at = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)
    ClusterFactory.create(name="Prod", slug="prod", last_ok_at=at)
    browser = browser_of(acme)
    browser.patch(API, {"display_time_zone": "Europe/Berlin"}, content_type="application/json")

    assert "2 Jul 2026, 00:30 CEST" in browser.get("/clusters/").content.decode()
    assert browser.get("/api/v1/clusters/prod/").json()["last_ok_at"] == "2026-07-01T22:30:00Z"
    assert timezone.get_current_timezone_name() == "UTC"  # nothing is left behind


def test_a_zone_without_letters_shows_its_offset() -> None:
    at = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    with timezone.override(zone_of("Asia/Kathmandu")):
        text = Template("{% load display %}{{ at|instant }}").render(Context({"at": at}))
    assert text == "1 Jul 2026, 17:45 UTC+05:45"


def test_a_zone_this_machine_does_not_know_falls_back_to_utc(acme: Tenant) -> None:
    Workspace.objects.create(display_time_zone="Gone/Away")
    assert browser_of(acme).get("/clusters/").status_code == 200
    assert zone_of("Gone/Away").key == "UTC"


def test_every_zone_offered_exists() -> None:
    groups = [group for _, group in zone_choices() if not isinstance(group, str)]
    offered = [name for group in groups for name, _ in group]
    assert set(offered) | {"UTC"} == set(zone_names())
    assert len(offered) > 300


def test_another_reporting_currency_leaves_clusters_alone(acme: Tenant) -> None:
    ClusterFactory.create(currency="USD")
    browser_of(acme).patch(API, {"reporting_currency": "EUR"}, content_type="application/json")
    assert Cluster.objects.get().currency == "USD"
