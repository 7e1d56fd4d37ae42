"""Who decides about a feature: the kill switch, an exception, the plan, a plan that ended lately."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as NoRedis
from waffle import switch_is_active

from costinsights.core.tenancy import public_context, tenant_context
from tenants.features import (
    GRACE,
    Access,
    Feature,
    PlatformSwitch,
    ensure_switches,
    feature_access,
    has_feature,
    plan_now,
    platform_switch,
)
from tenants.limits import retention_days_of
from tenants.models import FeatureOverride, FeatureSwitch, Plan, Tenant
from tenants.models.standing import forget_platform, forget_tenant, remembered
from tenants.trials import change_plan, end_trial, start_trial
from tests.figures import count

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

instants = st.integers(-80, 80).map(lambda half_days: NOON + half_days * DAY / 2)
ends = st.one_of(st.tuples(st.sampled_from(Plan), instants), st.none())
overrides = st.one_of(
    st.none(),
    st.fixed_dictionaries({"is_open": st.booleans(), "expires_at": st.one_of(st.none(), instants)}),
)
switches = st.builds(
    FeatureSwitch,
    id=st.just(1),
    name=st.just("history"),
    active=st.booleans(),
    community=st.booleans(),
    saas=st.booleans(),
    enterprise=st.booleans(),
)


def tenant_with(plan: Plan, trial: Any, lapsed: Any) -> Tenant:
    trial_plan, trial_ends_at = trial or ("", None)
    lapsed_plan, lapsed_at = lapsed or ("", None)
    return Tenant(
        plan=plan,
        trial_plan=trial_plan,
        trial_ends_at=trial_ends_at,
        lapsed_plan=lapsed_plan,
        lapsed_at=lapsed_at,
    )


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(switches, overrides, st.sampled_from(Plan), ends, ends)
def test_access_follows_the_precedence_whatever_is_stored(
    switch: FeatureSwitch, override: Any, plan: Plan, trial: Any, lapsed: Any
) -> None:
    """Said a second time, as a table from the top: the first line that applies decides."""
    count("plan decisions compared with the table")
    tenant = tenant_with(plan, trial, lapsed)
    columns = {name for name in Plan if getattr(switch, name.value)}
    running = {trial[0]} if trial and trial[1] > NOON else set()
    counts = max({plan} | running, key=list(Plan).index)
    ended = {p for p, at in filter(None, (trial, lapsed)) if NOON - GRACE < at <= NOON}
    in_force = override and (override["expires_at"] is None or override["expires_at"] > NOON)
    table = (
        (not switch.active, Access.CLOSED),
        (in_force and override["is_open"], Access.OPEN),
        (in_force, Access.CLOSED),
        (counts in columns, Access.OPEN),
        (ended & columns, Access.READ_ONLY),
        (True, Access.CLOSED),
    )
    expected = next(access for applies, access in table if applies)
    decision = switch.decide_with(override, tenant, NOON)
    assert decision.access is expected
    assert (decision.read_only_until is not None) == (expected is Access.READ_ONLY)
    if decision.read_only_until is not None:
        assert NOON < decision.read_only_until <= NOON + GRACE


def test_a_trial_opens_then_leaves_readable_then_closes(acme: Tenant) -> None:
    with public_context():
        Tenant.objects.filter(pk=acme.pk).update(plan=Plan.COMMUNITY)
    with time_machine.travel(NOON, tick=False) as clock:
        start_trial(tenant=acme, plan="enterprise", days=14, at=NOON, reason="asked for it")
        seen = []
        for day in (0, 13, 14, 43, 44):
            clock.move_to(NOON + day * DAY)
            seen.append((day, plan_now(acme, NOON + day * DAY), feature_access(Feature.REPORTING)))
    assert seen == [
        (0, Plan.ENTERPRISE, Access.OPEN),
        (13, Plan.ENTERPRISE, Access.OPEN),
        (14, Plan.COMMUNITY, Access.READ_ONLY),
        (43, Plan.COMMUNITY, Access.READ_ONLY),
        (44, Plan.COMMUNITY, Access.CLOSED),
    ]
    assert feature_access(Feature.CURRENT_COSTS, at=NOON + 400 * DAY) is Access.OPEN


def test_a_downgrade_leaves_readable_what_only_the_greater_plan_has(acme: Tenant) -> None:
    change_plan(tenant=acme, plan="saas", at=NOON, reason="their wish")
    assert feature_access(Feature.HISTORY, at=NOON) is Access.OPEN
    assert feature_access(Feature.REPORTING, at=NOON + 29 * DAY) is Access.READ_ONLY
    assert feature_access(Feature.REPORTING, at=NOON + 30 * DAY) is Access.CLOSED
    change_plan(tenant=acme, plan="enterprise", at=NOON + DAY, reason="back again")
    assert feature_access(Feature.REPORTING, at=NOON + DAY) is Access.OPEN
    assert acme.lapsed_plan == ""


def test_history_is_kept_as_long_as_the_ended_plan_said_for_thirty_days(globex: Tenant) -> None:
    change_plan(tenant=globex, plan="community", at=NOON, reason="their wish")
    kept = [retention_days_of(globex, NOON + day * DAY) for day in (0, 29, 30)]
    assert kept == [400, 400, 15]


def test_a_trial_that_is_ended_early_leaves_thirty_days_to_read(globex: Tenant) -> None:
    start_trial(tenant=globex, plan="enterprise", days=14, at=NOON, reason="asked for it")
    end_trial(tenant=globex, at=NOON + DAY, reason="wrong workspace")
    assert feature_access(Feature.REPORTING, tenant=globex, at=NOON + 2 * DAY) is Access.READ_ONLY
    assert feature_access(Feature.REPORTING, tenant=globex, at=NOON + 31 * DAY) is Access.CLOSED


def test_waffle_answers_for_the_tenant_of_now_as_we_do(acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        with tenant_context(tenant):
            for feature in Feature:
                assert switch_is_active(feature.value) == has_feature(feature)
    assert switch_is_active("no_such_switch") is False
    with public_context():
        assert switch_is_active("history") is False


def test_a_platform_switch_is_off_until_staff_turn_it_on(acme: Tenant) -> None:
    switch = PlatformSwitch.SELF_SERVICE_SIGN_UP
    with public_context():
        assert platform_switch(switch) is False
        FeatureSwitch.objects.filter(name=switch.value).update(active=True)
        forget_platform()
        assert platform_switch(switch) is True
    assert platform_switch(switch) is True
    assert switch_is_active(switch.value) is True


def test_switches_that_exist_are_never_changed_by_a_release(acme: Tenant) -> None:
    with public_context():
        FeatureSwitch.objects.filter(name="history").update(active=False, community=True)
        FeatureSwitch.objects.filter(name="budgets").delete()
        assert ensure_switches() == 1
        kept = FeatureSwitch.objects.get(name="history")
    assert (kept.active, kept.community) == (False, True)


@pytest.mark.parametrize("is_open", [True, False])
def test_an_exception_beats_the_plan_until_it_expires(globex: Tenant, is_open: bool) -> None:
    feature = Feature.REPORTING if is_open else Feature.HISTORY
    with public_context():
        FeatureOverride.objects.create(
            switch=FeatureSwitch.objects.get(name=feature.value),
            tenant=globex,
            is_open=is_open,
            reason="a promise",
            expires_at=NOON,
        )
    forget_tenant(globex.pk)
    during = feature_access(feature, tenant=globex, at=NOON - DAY)
    after = feature_access(feature, tenant=globex, at=NOON)
    assert during is (Access.OPEN if is_open else Access.CLOSED)
    assert after is (Access.CLOSED if is_open else Access.OPEN)


def test_a_page_asks_the_cache_once_for_all_switches(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips: list[Any] = []
    real = caches["shared"].get_many

    def counted(keys: Any) -> Any:
        trips.append(keys)
        return real(keys)

    monkeypatch.setattr(caches["shared"], "get_many", counted)
    with remembered():
        for feature in Feature:
            has_feature(feature)
            switch_is_active(feature.value)
        retention_days_of(acme, NOON)
    assert len(trips) == 1


def test_without_its_cache_the_database_decides(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> None:
        raise NoRedis

    monkeypatch.setattr(caches["shared"], "get_many", fail)
    assert has_feature(Feature.REPORTING)
