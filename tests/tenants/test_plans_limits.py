"""A plan's limits: refused at the door with the way out, counted without losing a call."""

import datetime as dt
import threading
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client

from costinsights.accounts.models import Role, Scope
from costinsights.core.api.quota import calls_on
from costinsights.core.limits import limit_of, require_room
from costinsights.core.tenancy import current_tenant, public_context, tenant_context
from costinsights.costs.models import Cluster
from costinsights.local.processes import wait_until
from tenants.limits import (
    FIRST_LIMITS,
    LimitKind,
    LimitReached,
    UsageLine,
    ensure_plan_limits,
    limits_of,
)
from tenants.models import Plan, PlanLimits, Tenant
from tenants.models.standing import forget_platform
from tests.database import admin_connection
from tests.factories.accounts import UserFactory, token_of
from tests.factories.costs import ClusterFactory

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def limit(tenant: Tenant, **columns: int | None) -> None:
    """Change what the tenant's plan includes."""
    with public_context():
        PlanLimits.objects.filter(plan=tenant.plan).update(**columns)
    forget_platform()


@pytest.fixture
def program(acme: Tenant) -> Client:
    token = token_of(UserFactory.create(role=Role.OWNER), Scope.READ, Scope.WRITE)
    return Client(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {token}")


def test_each_plan_begins_with_its_limits_and_staff_may_change_them(acme: Tenant) -> None:
    with public_context():
        assert ensure_plan_limits() == 0
        PlanLimits.objects.filter(plan="saas").delete()
        PlanLimits.objects.filter(plan="community").update(clusters=7)
        assert ensure_plan_limits() == 1
        rows = {row.plan: row for row in PlanLimits.objects.all()}
    assert rows["community"].clusters == 7
    assert rows["saas"].retention_days == FIRST_LIMITS[Plan.SAAS]["retention_days"]
    assert limits_of(acme, NOON).clusters is None


def test_one_more_than_the_plan_includes_is_refused_with_the_plan_that_has_room(
    globex: Tenant,
) -> None:
    with tenant_context(globex):
        require_room("members", 99)
        with pytest.raises(LimitReached) as refusal:
            require_room("members", 100)
    assert refusal.value.extra == {
        "kind": "members",
        "limit": 100,
        "used": 100,
        "required_plan": "enterprise",
    }
    assert "Enterprise" in refusal.value.message


def test_without_a_larger_plan_the_way_out_is_to_remove_one(acme: Tenant) -> None:
    limit(acme, members=1)
    with public_context():
        PlanLimits.objects.update(members=1)
    forget_platform()
    with pytest.raises(LimitReached, match="Remove one"):
        require_room("members", 1)


def test_a_trials_limits_count_while_it_runs(globex: Tenant) -> None:
    globex.trial_plan, globex.trial_ends_at = Plan.ENTERPRISE, NOON + dt.timedelta(days=1)
    assert limits_of(globex, NOON).clusters is None
    assert limits_of(globex, NOON + dt.timedelta(days=1)).clusters == 20


def test_the_platform_itself_has_no_limits(acme: Tenant) -> None:
    with public_context():
        assert limit_of("members") is None
        require_room("members", 10**6)


@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_given_once_to_two_who_want_it() -> None:
    """The second asks before the first has committed: it waits, counts again and is refused."""
    tenant = Tenant.objects.get(slug="globex")
    leave_one_place(tenant)
    outcomes: list[str] = []

    def connect() -> None:
        try:
            with tenant_context(tenant), transaction.atomic():
                require_room("clusters", Cluster.objects.count)
                outcomes.append("added")
        except LimitReached:
            outcomes.append("refused")
        finally:
            connection.close()

    second = threading.Thread(target=connect)
    with tenant_context(tenant), transaction.atomic():
        require_room("clusters", Cluster.objects.count)
        ClusterFactory.create()
        second.start()
        assert wait_until(lambda: somebody_waits() or not second.is_alive(), seconds=30)
    second.join()
    assert outcomes == ["refused"]


def somebody_waits() -> bool:
    """Whether a session stands in line for an advisory lock of the test database."""
    with admin_connection(connection.settings_dict["NAME"]) as admin:
        row = admin.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
            "WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()"
        ).fetchone()
    return bool(row and row[0])


def leave_one_place(tenant: Tenant) -> None:
    with tenant_context(tenant):
        for _ in range(19):
            ClusterFactory.create()


def test_the_days_calls_are_counted_and_the_next_one_refused(acme: Tenant, program: Client) -> None:
    limit(acme, api_calls_per_day=2)
    with time_machine.travel(NOON, tick=False):
        assert [program.get("/api/v1/clusters/").status_code for _ in range(2)] == [200, 200]
        refused: Any = program.get("/api/v1/clusters/")
    assert refused.status_code == 429
    body = refused.json()
    assert (body["code"], body["kind"], body["limit"]) == (
        "daily_quota_reached",
        "api_calls_per_day",
        2,
    )
    assert refused.headers["Retry-After"] == str(12 * 3600)
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_a_new_utc_day_begins_with_no_calls(acme: Tenant, program: Client) -> None:
    limit(acme, api_calls_per_day=1)
    midnight = NOON.replace(hour=0)
    with time_machine.travel(midnight - dt.timedelta(seconds=1), tick=False) as clock:
        assert program.get("/api/v1/clusters/").status_code == 200
        assert program.get("/api/v1/clusters/").status_code == 429
        clock.move_to(midnight)
        assert program.get("/api/v1/clusters/").status_code == 200
    assert calls_on(midnight.date()) == 1


def test_a_program_learns_what_is_used_up_also_when_it_is(acme: Tenant, program: Client) -> None:
    limit(acme, api_calls_per_day=0)
    assert program.get("/api/v1/clusters/").status_code == 429
    for path in ("plan", "features", "usage"):
        assert program.get(f"/api/v1/workspace/{path}").status_code == 200


def test_one_tenants_calls_are_not_anothers(acme: Tenant, globex: Tenant, program: Client) -> None:
    program.get("/api/v1/clusters/")
    today = dt.datetime.now(dt.UTC).date()
    assert calls_on(today) == 1
    with tenant_context(globex):
        assert calls_on(today) == 0


def test_a_days_counter_goes_away_by_itself(acme: Tenant, program: Client) -> None:
    program.get("/api/v1/clusters/")
    key = cache.make_key(f"api-calls:{dt.datetime.now(dt.UTC).date()}")
    assert key.startswith(f"t:{current_tenant().pk}:")
    client: Any = cache._cache.get_client()  # type: ignore[attr-defined]  # Django's Redis client
    assert 0 < client.ttl(key) <= 2 * 24 * 3600


@pytest.mark.parametrize(
    ("used", "limit_", "percent", "state"),
    [
        (None, 10, None, "unknown"),
        (0, 10, 0, "ok"),
        (7, 10, 70, "ok"),
        (8, 10, 80, "nearly"),
        (999, 1000, 99, "nearly"),
        (10, 10, 100, "reached"),
        (25, 10, 250, "reached"),
        (5, None, None, "ok"),
        (0, 0, 100, "reached"),
    ],
)
def test_usage_against_a_limit_has_a_word(
    used: int | None, limit_: int | None, percent: int | None, state: str
) -> None:
    line = UsageLine(LimitKind.CLUSTERS, used, limit_)
    assert (line.percent, line.state) == (percent, state)
