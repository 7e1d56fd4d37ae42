"""A member's second factor: enrolling, taking codes, and who must have one.

A code of the app is taken once and a recovery code is taken once: each by a conditional update, so that of any number
of requests with the same code one is let in.
"""

import datetime as dt
from enum import StrEnum

from django.db import transaction

from costinsights.accounts.models import (
    RecoveryCode,
    Role,
    SecondFactorPolicy,
    TotpDevice,
    User,
    Workspace,
    schema_name,
)
from costinsights.core import one_time_codes
from costinsights.core.audit import record_event
from costinsights.core.crypto import seal, unseal
from costinsights.core.errors import InvalidInput

WRONG_CODE = "This code is wrong, was used already, or is too old. Wait for the next one."


class TakenBy(StrEnum):
    """Which kind of code was taken."""

    APP = "app"
    RECOVERY_CODE = "recovery_code"


def has_device(user: User) -> bool:
    """Whether this member has confirmed an authenticator app."""
    return TotpDevice.objects.filter(user=user, confirmed_at__isnull=False).exists()


def policy() -> SecondFactorPolicy:
    """Who must have a second factor in this workspace."""
    chosen = Workspace.objects.filter(pk=1).values_list("second_factor_policy", flat=True).first()
    return SecondFactorPolicy(chosen or SecondFactorPolicy.OPTIONAL)


def is_required_of(user: User, rule: SecondFactorPolicy) -> bool:
    """Whether this rule asks a second factor of this member."""
    if rule == SecondFactorPolicy.ADMINS:
        return Role(user.role).at_least(Role.ADMIN)
    return rule == SecondFactorPolicy.EVERYBODY


def is_missing(user: User) -> bool:
    """Whether this member must have a second factor and has none."""
    return is_required_of(user, policy()) and not has_device(user)


def codes_left(user: User) -> int:
    """How many recovery codes still work."""
    return RecoveryCode.objects.filter(user=user, used_at__isnull=True).count()


@transaction.atomic
def enrol(*, user: User, secret: str, code: str, at: dt.datetime) -> list[str]:
    """Confirm an app by its first code. Returns the recovery codes, which cannot be had again.

    An earlier app and its recovery codes stop working. Raises InvalidInput for a wrong code.
    """
    step = one_time_codes.matching_step(secret, code, at=at, last_step=0)
    if step is None:
        raise InvalidInput(WRONG_CODE, field="code")
    User.objects.select_for_update().get(pk=user.pk)  # two browsers enrolling: one after the other
    TotpDevice.objects.filter(user=user).delete()
    device = TotpDevice.objects.create(user=user, confirmed_at=at, last_step=step, created_at=at)
    device.sealed_secret = seal(secret, aad=_place(device))
    device.save(update_fields=["sealed_secret"])
    record_event("second_factor.enabled", target=user.email)
    return _new_codes(user)


@transaction.atomic
def renew_codes(*, user: User) -> list[str]:
    """Ten new recovery codes; the old ones stop working."""
    User.objects.select_for_update().get(pk=user.pk)
    codes = _new_codes(user)
    record_event("second_factor.recovery_codes_renewed", target=user.email)
    return codes


@transaction.atomic
def remove(*, user: User) -> bool:
    """Take the second factor away. False when there was none."""
    removed, _ = TotpDevice.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    if removed:
        record_event("second_factor.disabled", target=user.email)
    return bool(removed)


def take_code(*, user: User, code: str, at: dt.datetime) -> TakenBy | None:
    """Take a code of the app or a recovery code, once. None when it is neither."""
    device = TotpDevice.objects.filter(user=user, confirmed_at__isnull=False).first()
    if device is None:
        return None
    secret = unseal(device.sealed_secret, aad=_place(device))
    step = one_time_codes.matching_step(secret, code, at=at, last_step=device.last_step)
    if step is not None:
        taken = TotpDevice.objects.filter(pk=device.pk, last_step__lt=step).update(last_step=step)
        return TakenBy.APP if taken else None
    hashed = one_time_codes.recovery_code_hash(code, owner=_owner(user))
    unused = RecoveryCode.objects.filter(user=user, code_hash=hashed, used_at__isnull=True)
    return TakenBy.RECOVERY_CODE if unused.update(used_at=at) else None


def seal_setup(secret: str, *, user: User) -> str:
    """A secret that waits in the member's session for its first code."""
    return seal(secret, aad=f"{schema_name()}:accounts.TotpDevice:setup:{user.pk}")


def unseal_setup(sealed: str, *, user: User) -> str:
    """Raises SecretUnreadable when it was sealed for somebody else."""
    return unseal(sealed, aad=f"{schema_name()}:accounts.TotpDevice:setup:{user.pk}")


def _new_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = one_time_codes.new_recovery_codes()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(
            user=user, code_hash=one_time_codes.recovery_code_hash(code, owner=_owner(user))
        )
        for code in codes
    )
    return codes


def _owner(user: User) -> str:
    return f"{schema_name()}:{user.pk}"


def _place(device: TotpDevice) -> str:
    return f"{schema_name()}:accounts.TotpDevice:secret:{device.pk}"
