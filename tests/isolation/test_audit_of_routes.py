"""Every route that changes something leaves exactly the entries of what it changed, in one actor's name.

The entries of a request are played back over the rows from before it: they must give the rows after it. A
missing entry, an entry too many and a wrong value all show.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve

from costinsights.accounts.models import AuditEntry, User
from tests.audit.test_every_table import triggers_in
from tests.figures import count
from tests.isolation.conftest import Seeded
from tests.isolation.routes import Route, routes
from tests.isolation.seeding import SAME_PASSWORD
from tests.isolation.test_routes import FOREIGN, principals

NEW_PASSWORD = "another-correct-horse-battery"
CHANGING = ("post", "put", "patch", "delete")
# Legal values for whatever a form or a serializer asks for; each takes what it knows.
ANYTHING: dict[str, Any] = {
    "name": "Renamed",
    "email": "new.member@same.test",
    "role": "analyst",
    "policy": "admins",
    "second_factor_policy": "admins",
    "password": NEW_PASSWORD,
    "repeated": NEW_PASSWORD,
    "current": SAME_PASSWORD,
    "proof": SAME_PASSWORD,
    "confirm": "yes",
    "access": "read",
    "scopes": ["read"],
    "days": "30",
    "expires_in_days": 30,
    "display_time_zone": "Europe/Berlin",
    "fiscal_year_start_month": 4,
    "reporting_currency": "EUR",
    "currency": "EUR",
    "to_currency": "USD",
    "valid_from": "2026-05-01",
    "rate": "1.25",
    "hidden": True,
    "enabled": False,
    "password_sign_in": False,
}
# Routes that refuse members they do not know, or need others than the above.
BODIES: dict[str, dict[str, Any]] = {
    "api-token-list": {"name": "Export", "scopes": ["read"]},
    "api-token-rotate": {},
    "api-member-detail": {"role": "analyst"},
    "api-invitation-list": {"email": "new.member@same.test", "role": "viewer"},
    "api-cluster-detail": {"name": "Renamed"},
    "api-exchange-rate-list": {
        "currency": "EUR",
        "to_currency": "USD",
        "valid_from": "2026-05-01",
        "rate": "1.25",
    },
    "api-exchange-rate-detail": {"rate": "1.25"},
    "api-workspace": {"display_time_zone": "Europe/Berlin"},
    "api-checklist": {"hidden": True},
    "api-second-factor-policy": {"policy": "admins"},
    "api-password-sign-in": {"enabled": True},
}
# What is in no row of the tenant: staff's asking to look in.
ELSEWHERE = {"grant_id": "1", "decision": "approve"}
Rows = dict[str, dict[str, dict[str, Any]]]
Told = dict[str, dict[str, Any]]
# Routes that the probes do change something through: a request that only fails proves nothing.
CHANGE = {
    "api-checklist",
    "api-cluster-detail",
    "api-exchange-rate-detail",
    "api-exchange-rate-list",
    "api-invitation-detail",
    "api-invitation-list",
    "api-invitation-resend",
    "api-member-detail",
    "api-sample-data",
    "api-second-factor-policy",
    "api-token-detail",
    "api-token-list",
    "api-token-rotate",
    "api-workspace",
    "api-workspace-logo",
    "checklist-hide",
    "exchange-rate-edit",
    "exchange-rate-list",
    "exchange-rate-remove",
    "invitation-resend",
    "invitation-revoke",
    "member-deactivate",
    "member-detail",
    "member-list",
    "password-change",
    "profile",
    "sample-data-load",
    "second-factor-policy",
    "token-list",
    "token-revoke",
    "workspace-logo-remove",
    "workspace-settings",
}


@dataclass(frozen=True)
class Probe:
    """One request: who, how, with what."""

    who: str
    method: str
    as_json: bool
    body: dict[str, Any]


def changing_methods(route: Route, address: str) -> list[str]:
    """The methods of a route's view that may change something."""
    found = resolve(address, settings.ROOT_URLCONF).func
    view = getattr(found, "view_class", None) or getattr(found, "cls", None)
    return [
        m for m in CHANGING if view is None or (hasattr(view, m) and m in view.http_method_names)
    ]


def probes(route: Route, methods: list[str]) -> Iterator[Probe]:
    bodies = [{}, BODIES.get(route.name, ANYTHING)]
    is_api = route.path.startswith("/api/")
    for who in ("owner", "program") if is_api else ("owner",):
        for method in methods:
            for body in bodies:
                yield Probe(who, method, is_api, body)


def rows_now(told: Told) -> Rows:
    """Every row of every audited table, by key."""
    found: Rows = {}
    with connection.cursor() as cursor:
        for table, arguments in told.items():
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
            rows = [json.loads(row) for (row,) in cursor.fetchall()]
            found[table] = {str(row[arguments["key"]]): row for row in rows}
    return found


def shown(row: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    hidden = {*arguments["ignore"], *arguments["withhold"]}
    return {name: value for name, value in row.items() if name not in hidden}


def play_back(before: Rows, entries: list[AuditEntry], told: Told) -> Rows:
    """The rows as the entries say they became."""
    state = {
        table: {key: shown(row, told[table]) for key, row in rows.items()}
        for table, rows in before.items()
    }
    for entry in entries:
        rows = state[entry.object_type]
        was: Any = entry.before
        becomes: Any = entry.after
        if entry.action == "row.inserted":
            assert entry.object_id not in rows
            rows[entry.object_id] = becomes
        elif entry.action == "row.deleted":
            assert rows.pop(entry.object_id) == was
        else:
            row = rows[entry.object_id]
            assert {name: row[name] for name in was} == was
            assert was != becomes or entry.details.get("withheld")
            rows[entry.object_id] = {**row, **becomes}
    return state


def withheld_changes(before: Rows, after: Rows, told: Told) -> set[tuple[str, str, str]]:
    return {
        (table, key, column)
        for table, rows in after.items()
        for key, row in rows.items()
        for column in told[table]["withhold"]
        if column and key in before[table] and before[table][key][column] != row[column]
    }


@pytest.mark.parametrize("route", routes(settings.ROOT_URLCONF), ids=lambda route: route.name)
def test_a_route_leaves_the_entries_of_what_it_changed(seeded_acme: Seeded, route: Route) -> None:
    values = {
        name: FOREIGN[name](seeded_acme.rows) if name in FOREIGN else ELSEWHERE[name]
        for name in route.parameters
    }
    methods = changing_methods(route, route.filled(values))
    if not methods:
        return
    clients = principals(seeded_acme)
    if "member_id" in values:
        values["member_id"] = str(User.objects.get(email="viewer@same.test").pk)
    told = triggers_in(seeded_acme.tenant.schema_name)
    changed = 0
    for probe in probes(route, methods):
        with transaction.atomic():
            changed += _check(clients[probe.who], route.filled(values), probe, told)
            transaction.set_rollback(True)
    assert bool(changed) >= (route.name in CHANGE), "no probe changed anything"


def _check(client: Client, address: str, probe: Probe, told: Told) -> bool:
    """Whether the request changed rows of audited tables; whatever it changed is in the log."""
    before = rows_now(told)
    last = AuditEntry.objects.latest("id").pk
    kind = {"content_type": "application/json"} if probe.as_json else {}
    answer = getattr(client, probe.method)(address, probe.body, **kind)
    assert answer.status_code < 500, (probe, address)
    after = rows_now(told)
    entries = list(AuditEntry.objects.filter(id__gt=last, action__startswith="row.").order_by("id"))
    visible = {
        t: {key: shown(row, told[t]) for key, row in rows.items()} for t, rows in after.items()
    }
    assert play_back(before, entries, told) == visible, (probe, address)
    named = {
        (e.object_type, e.object_id, c) for e in entries for c in e.details.get("withheld", [])
    }
    assert withheld_changes(before, after, told) <= named
    actors = {(e.actor_kind, e.actor_label, e.actor_ip, e.request_id) for e in entries}
    assert len(actors) <= 1, (probe, address, actors)
    if entries:
        count("changes by routes, each with its entry", len(entries))
        count("mutating requests whose changes were audited")
        ((actor_kind, _, ip, request_id),) = actors
        assert (ip, request_id) == ("127.0.0.1", answer["X-Request-ID"])
        assert actor_kind in {"program" if probe.who == "program" else "member", "visitor"}
    return bool(entries)
