"""Trials, other plans and exceptions: each change says why, and refuses what makes no sense."""

import datetime as dt
from typing import Any

import pytest

from costinsights.core.errors import Conflict, InvalidInput, NotFound
from costinsights.core.tenancy import public_context
from tenants.features import GRACE, Access, Feature, PlatformSwitch, feature_access
from tenants.models import FeatureOverride, FeatureSwitch, Plan, Tenant, TenantStatus
from tenants.models.standing import forget_platform, forget_tenant
from tenants.trials import (
    TrialNotOffered,
    TrialUsed,
    can_start_own_trial,
    change_plan,
    claim_trial_mail,
    end_trial,
    override_feature,
    remove_override,
    start_own_trial,
    start_trial,
    trial_mail_due,
)

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def stored(tenant: Tenant) -> Tenant:
    with public_context():
        return Tenant.objects.get(pk=tenant.pk)  # type: ignore[no-any-return]  # the mixin is untyped


def offer_trials() -> None:
    with public_context():
        name = PlatformSwitch.SELF_SERVICE_TRIALS.value
        FeatureSwitch.objects.filter(name=name).update(active=True)
    forget_platform()


def trial(tenant: Tenant, **changes: Any) -> None:
    given: dict[str, Any] = {"plan": "enterprise", "days": 14, "at": NOON, "reason": "asked for it"}
    start_trial(tenant=tenant, **(given | changes))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"plan": "saas"}, "plan"),
        ({"plan": "community"}, "plan"),
        ({"plan": "gold"}, "plan"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 301}, "reason"),
    ],
)
def test_a_trial_that_makes_no_sense_is_refused_and_changes_nothing(
    globex: Tenant, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        trial(globex, **changes)
    assert refusal.value.field == field
    assert stored(globex).trial_plan == ""


def test_a_second_trial_keeps_what_the_first_left_readable(globex: Tenant) -> None:
    change_plan(tenant=globex, plan="community", at=NOON - 40 * DAY, reason="their wish")
    trial(globex, days=1)
    trial(globex, plan="saas", at=NOON + 2 * DAY)
    assert feature_access(Feature.HISTORY, tenant=globex, at=NOON + 3 * DAY) is Access.OPEN
    assert feature_access(Feature.REPORTING, tenant=globex, at=NOON + 3 * DAY) is Access.READ_ONLY


def test_two_downgrades_within_thirty_days_keep_the_greater_plan_readable(acme: Tenant) -> None:
    change_plan(tenant=acme, plan="saas", at=NOON, reason="first")
    change_plan(tenant=acme, plan="community", at=NOON + 10 * DAY, reason="second")
    for feature in (Feature.HISTORY, Feature.REPORTING):
        assert feature_access(feature, at=NOON + 39 * DAY) is Access.READ_ONLY
    assert stored(acme).lapsed_plan == Plan.ENTERPRISE


def test_buying_the_plan_on_trial_ends_the_trial(globex: Tenant) -> None:
    trial(globex)
    change_plan(tenant=globex, plan="enterprise", at=NOON + DAY, reason="they bought it")
    row = stored(globex)
    assert row.trial_ends_at == NOON + DAY
    assert feature_access(Feature.REPORTING, tenant=globex, at=NOON + 90 * DAY) is Access.OPEN
    assert trial_mail_due(row, NOON + 2 * DAY) == ""


def test_the_plan_it_has_already_is_no_change(globex: Tenant) -> None:
    with pytest.raises(Conflict):
        change_plan(tenant=globex, plan="saas", at=NOON, reason="by mistake")


def test_a_trial_that_does_not_run_cannot_be_ended(globex: Tenant) -> None:
    with pytest.raises(Conflict):
        end_trial(tenant=globex, at=NOON, reason="there is none")


def test_a_workspace_being_deleted_keeps_its_plan(globex: Tenant) -> None:
    with public_context():
        Tenant.objects.filter(pk=globex.pk).update(status=TenantStatus.DELETING)
    with pytest.raises(Conflict):
        change_plan(tenant=globex, plan="enterprise", at=NOON, reason="too late")


def test_an_owner_starts_a_trial_once_and_only_where_it_is_offered(globex: Tenant) -> None:
    with pytest.raises(TrialNotOffered):
        start_own_trial(tenant=globex, plan="enterprise", at=NOON)
    offer_trials()
    assert can_start_own_trial(globex, NOON) == [Plan.ENTERPRISE]
    start_own_trial(tenant=globex, plan="enterprise", at=NOON)
    assert stored(globex).trial_ends_at == NOON + 14 * DAY
    assert can_start_own_trial(globex, NOON) == []
    with pytest.raises(TrialUsed):
        start_own_trial(tenant=globex, plan="enterprise", at=NOON + 90 * DAY)


def test_an_exception_is_set_replaced_and_removed(globex: Tenant) -> None:
    given: dict[str, Any] = {"tenant": globex, "feature": Feature.REPORTING, "actor": None}
    for is_open in (False, True):
        override_feature(**given, is_open=is_open, reason="a promise", at=NOON)
    forget_tenant(globex.pk)
    assert feature_access(Feature.REPORTING, tenant=globex, at=NOON) is Access.OPEN
    with public_context():
        assert FeatureOverride.objects.count() == 1
    remove_override(tenant=globex, feature=Feature.REPORTING, reason="promise kept")
    forget_tenant(globex.pk)
    assert feature_access(Feature.REPORTING, tenant=globex, at=NOON) is Access.CLOSED
    with pytest.raises(NotFound):
        remove_override(tenant=globex, feature=Feature.REPORTING, reason="again")


@pytest.mark.parametrize(
    ("changes", "field"), [({"reason": ""}, "reason"), ({"expires_at": NOON}, "expires_at")]
)
def test_an_exception_needs_a_reason_and_an_end_to_come(
    globex: Tenant, changes: dict[str, Any], field: str
) -> None:
    given: dict[str, Any] = {"tenant": globex, "feature": Feature.REPORTING, "actor": None}
    with pytest.raises(InvalidInput) as refusal:
        override_feature(**(given | {"is_open": True, "reason": "x", "at": NOON} | changes))
    assert refusal.value.field == field


def test_a_changed_exception_is_forgotten_by_the_cache_when_it_is_committed(
    globex: Tenant, django_capture_on_commit_callbacks: Any
) -> None:
    assert feature_access(Feature.REPORTING, tenant=globex, at=NOON) is Access.CLOSED
    with django_capture_on_commit_callbacks(execute=True):
        override_feature(
            tenant=globex,
            feature=Feature.REPORTING,
            is_open=True,
            reason="a promise",
            actor=None,
            at=NOON,
        )
    assert feature_access(Feature.REPORTING, tenant=globex, at=NOON) is Access.OPEN


def test_each_mail_about_a_trial_is_due_once(globex: Tenant) -> None:
    trial(globex)
    end = NOON + 14 * DAY
    assert trial_mail_due(globex, end - 4 * DAY) == ""
    assert trial_mail_due(globex, end - 2 * DAY) == "soon"
    assert claim_trial_mail(globex, "soon")
    assert not claim_trial_mail(globex, "soon")
    row = stored(globex)
    assert trial_mail_due(row, end - DAY) == ""
    assert trial_mail_due(row, end) == "ended"
    assert claim_trial_mail(row, "ended")
    assert not claim_trial_mail(row, "soon")
    assert trial_mail_due(stored(globex), end + DAY) == ""


def test_an_end_long_past_is_not_told_any_more(globex: Tenant) -> None:
    trial(globex)
    assert trial_mail_due(globex, NOON + GRACE) == ""
