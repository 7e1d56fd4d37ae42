"""A plan's life: trials, upgrades, downgrades, and exceptions for one tenant. All of it by a row, none by a job.

Each change locks the tenant's row, is told to the audit log of the platform and of the tenant, and takes effect
with the next request.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from costinsights.core.tenancy import TenantLike, public_context, tenant_context
from tenants.features import Feature, PlatformSwitch, platform_switch
from tenants.models import (
    GRACE,
    FeatureOverride,
    FeatureSwitch,
    Plan,
    StaffUser,
    Tenant,
    TenantStatus,
)

SELF_SERVICE_TRIAL = dt.timedelta(days=14)
LONGEST_TRIAL = dt.timedelta(days=365)
SOON = dt.timedelta(days=3)  # before a trial ends, its owners are told


class TrialNotOffered(NotAllowed):
    """Trials are given by whoever runs the platform, on request."""

    code = "trial_not_offered"
    title = "Trials are given on request"


class TrialUsed(Conflict):
    """A workspace starts one trial by itself."""

    code = "trial_used"
    title = "This workspace has had its trial"


def start_trial(*, tenant: TenantLike, plan: str, days: int, at: dt.datetime, reason: str) -> None:
    """Open a greater plan to `tenant` for `days` days from `at`.

    Replaces a trial that runs or ran. Raises InvalidInput for a plan that is not above the tenant's own, a
    number of days outside of 1 to 365, or no reason.
    """
    chosen = _plan(plan)
    if not 1 <= days <= LONGEST_TRIAL.days:
        raise InvalidInput("A trial runs for 1 to 365 days.", field="days", value=days)
    said = _reason(reason)
    with _locked(tenant) as row:
        if chosen.rank <= Plan(row.plan).rank:
            raise InvalidInput(
                f"The workspace has the {Plan(row.plan).label} plan; only a greater one can be tried.",
                field="plan",
                value=plan,
            )
        for ended in row.ended_plans(at):
            _lapse(row, ended.plan, ended.ended_at)
        row.trial_plan, row.trial_ends_at = chosen.value, at + dt.timedelta(days=days)
        row.trial_mailed = ""
        _tell(row, "trial.started", plan=chosen.value, ends_at=_text(row), reason=said)
    _copy(row, tenant)


def start_own_trial(*, tenant: TenantLike, plan: str, at: dt.datetime) -> None:
    """What an owner may do alone: one trial of SELF_SERVICE_TRIAL, while the platform offers it.

    Raises TrialNotOffered, TrialUsed, or what `start_trial` raises.
    """
    if not platform_switch(PlatformSwitch.SELF_SERVICE_TRIALS):
        raise TrialNotOffered("Ask whoever runs this platform for a trial.")
    with public_context(), transaction.atomic():
        row = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if row.trial_plan:
            raise TrialUsed("This workspace has had its trial. Ask whoever runs this platform.")
        start_trial(
            tenant=tenant,
            plan=plan,
            days=SELF_SERVICE_TRIAL.days,
            at=at,
            reason="started by an owner of the workspace",
        )


def can_start_own_trial(tenant: TenantLike, at: dt.datetime) -> list[Plan]:
    """The plans an owner may try now; empty when there is no trial to be had."""
    if not isinstance(tenant, Tenant) or tenant.trial_plan:
        return []
    if not platform_switch(PlatformSwitch.SELF_SERVICE_TRIALS):
        return []
    return [plan for plan in Plan if plan.rank > tenant.plan_at(at).rank]


def end_trial(*, tenant: TenantLike, at: dt.datetime, reason: str) -> None:
    """End a running trial now; what it opened stays readable for GRACE. Raises Conflict without one."""
    said = _reason(reason)
    with _locked(tenant) as row:
        if row.trial_at(at) is None:
            raise Conflict("The workspace has no trial that runs.")
        row.trial_ends_at = at
        _tell(row, "trial.ended", plan=row.trial_plan, reason=said)
    _copy(row, tenant)


def change_plan(*, tenant: TenantLike, plan: str, at: dt.datetime, reason: str) -> None:
    """Give `tenant` another plan. Takes nothing away that is stored.

    What only a greater plan had before stays readable for GRACE after a downgrade; an upgrade to that plan or
    above forgets the downgrade, and ends a trial of no more than the new plan. Raises InvalidInput, or Conflict
    when it is the plan already.
    """
    chosen = _plan(plan)
    said = _reason(reason)
    with _locked(tenant) as row:
        before = Plan(row.plan)
        if chosen is before:
            raise Conflict(f"The workspace has the {before.label} plan already.")
        if chosen.rank < before.rank:
            _lapse(row, before, at)
        elif row.lapsed_plan and chosen.rank >= Plan(row.lapsed_plan).rank:
            row.lapsed_plan, row.lapsed_at = "", None
        row.plan = chosen.value
        trial = row.trial_at(at)
        if trial is not None and trial.rank <= chosen.rank:
            row.trial_ends_at = at
            row.trial_mailed = "ended"
        _tell(row, "plan.changed", before=before.value, after=chosen.value, reason=said)
    _copy(row, tenant)


def override_feature(
    *,
    tenant: TenantLike,
    feature: Feature,
    is_open: bool,
    reason: str,
    actor: StaffUser | None,
    at: dt.datetime,
    expires_at: dt.datetime | None = None,
) -> FeatureOverride:
    """Give `tenant` a feature or take it, whatever its plan, until `expires_at` or for good.

    Replaces an exception there was. Raises InvalidInput without a reason or for an end that is past.
    """
    said = _reason(reason)
    if expires_at is not None and expires_at <= at:
        raise InvalidInput("The end must be in the future.", field="expires_at", value=expires_at)
    with _locked(tenant) as row:
        switch = FeatureSwitch.objects.filter(name=Feature(feature).value).first()
        if switch is None:
            raise NotFound(f"There is no switch “{feature}”. Run migrate_schemas.")
        override, _ = FeatureOverride.objects.update_or_create(
            switch=switch,
            tenant=row,
            defaults={
                "is_open": is_open,
                "reason": said,
                "actor": actor,
                "created_at": at,
                "expires_at": expires_at,
            },
        )
        ends = None if expires_at is None else expires_at.isoformat()
        details = {"feature": switch.name, "is_open": is_open, "reason": said, "ends_at": ends}
        _tell(row, "feature_override.set", **details)
    return override


def remove_override(*, tenant: TenantLike, feature: Feature, reason: str) -> None:
    """End an exception: the plan decides again. Raises NotFound when there is none."""
    said = _reason(reason)
    with _locked(tenant) as row:
        override = FeatureOverride.objects.filter(
            tenant=row, switch__name=Feature(feature).value
        ).first()
        if override is None:
            raise NotFound(f"{row.name} has no exception for {feature}.")
        override.delete()
        _tell(row, "feature_override.removed", feature=str(feature), reason=said)


def trial_mail_due(tenant: TenantLike, at: dt.datetime) -> str:
    """Which mail about its trial's end the owners have not had yet: “soon”, “ended”, or “” for none."""
    if not isinstance(tenant, Tenant) or tenant.trial_ends_at is None:
        return ""
    if tenant.trial_ends_at <= at:
        late = at - tenant.trial_ends_at > SOON  # a mail that comes days later only confuses
        return "" if late or tenant.trial_mailed == "ended" else "ended"
    is_soon = tenant.trial_ends_at - at <= SOON
    return "soon" if is_soon and not tenant.trial_mailed else ""


def claim_trial_mail(tenant: TenantLike, mail: str) -> bool:
    """Note that `mail` goes out. False when somebody else was quicker. Part of the caller's transaction."""
    with public_context():
        rows = Tenant.objects.filter(pk=tenant.pk).exclude(trial_mailed=mail)
        return bool(rows.exclude(trial_mailed="ended").update(trial_mailed=mail))


def _plan(plan: str) -> Plan:
    if plan not in Plan.values:
        raise InvalidInput(
            f"There is no plan “{plan}”. There are {', '.join(Plan.values)}.",
            field="plan",
            value=plan,
        )
    return Plan(plan)


def _reason(reason: str) -> str:
    said = " ".join(reason.split())
    if not said or len(said) > 300:
        raise InvalidInput("Give a reason of 1 to 300 characters.", field="reason", value=said[:80])
    return said


@contextmanager
def _locked(tenant: TenantLike) -> Iterator[Tenant]:
    """The tenant's row, locked, saved at the end of the block."""
    with public_context(), transaction.atomic():
        row = Tenant.objects.select_for_update().filter(pk=tenant.pk).first()
        if row is None or row.status == TenantStatus.DELETING:
            raise Conflict("The workspace is being deleted; its plan cannot change any more.")
        yield row
        row.save(
            update_fields=[
                "plan",
                "trial_plan",
                "trial_ends_at",
                "trial_mailed",
                "lapsed_plan",
                "lapsed_at",
            ]
        )


def _lapse(row: Tenant, plan: Plan, ended_at: dt.datetime) -> None:
    """Note that `plan` ended. A greater one that is still readable stays so as long as this one."""
    if row.lapsed_at is not None:
        ended_at = max(ended_at, row.lapsed_at)
        if ended_at - row.lapsed_at < GRACE:
            plan = max(plan, Plan(row.lapsed_plan), key=lambda one: one.rank)
    row.lapsed_plan, row.lapsed_at = plan.value, ended_at


def _text(row: Tenant) -> str:
    return row.trial_ends_at.isoformat() if row.trial_ends_at else ""


def _tell(row: Tenant, action: str, **details: Any) -> None:
    """Write what happened to the platform's audit log and to the tenant's own."""
    record_event(action, target=row.slug, details=details)
    with tenant_context(row):
        record_event(action, target=row.slug, details=details)


def _copy(row: Tenant, tenant: TenantLike) -> None:
    """Let the caller's object say what the row says now."""
    if isinstance(tenant, Tenant):
        for name in ("plan", "trial_plan", "trial_ends_at", "trial_mailed", "lapsed_plan"):
            setattr(tenant, name, getattr(row, name))
        tenant.lapsed_at = row.lapsed_at
