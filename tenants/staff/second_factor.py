"""The second factor of staff: enrolling, taking a code once, recovery codes, resetting."""

import datetime as dt
from typing import Final

from django.db import transaction
from django.utils import timezone

from costinsights.core import one_time_codes
from costinsights.core.audit import record_event
from costinsights.core.crypto import place_of, seal, unseal
from costinsights.core.errors import Conflict, InvalidInput, NotAllowed
from tenants.models import StaffRecoveryCode, StaffTotpDevice, StaffUser

ISSUER: Final = "Cost Insights staff"
SHORTEST_REASON: Final = 5


class WrongCode(InvalidInput):
    """Not a code of this person, or one that was taken already."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__("This code is wrong, or it was used already.", field="code")


def confirmed_device(staff: StaffUser) -> StaffTotpDevice | None:
    """The authenticator app that counts; None while nobody confirmed a first code."""
    return StaffTotpDevice.objects.filter(staff=staff, confirmed_at__isnull=False).first()


def secret_to_enrol(staff: StaffUser) -> str:
    """The secret for an authenticator app that is not confirmed yet, made when there is none.

    Raises Conflict when one is confirmed: a second app needs a reset of the first.
    """
    device, is_new = StaffTotpDevice.objects.get_or_create(
        staff=staff, defaults={"sealed_secret": ""}
    )
    if device.confirmed_at is not None:
        raise Conflict("This account has an authenticator app already.")
    if is_new or not device.sealed_secret:
        _store_secret(device, one_time_codes.new_secret())
    return secret_of(device)


def secret_of(device: StaffTotpDevice) -> str:
    return unseal(device.sealed_secret, aad=_place(device))


def _store_secret(device: StaffTotpDevice, secret: str) -> None:
    device.sealed_secret = seal(secret, aad=_place(device))
    device.save(update_fields=["sealed_secret"])


def _place(device: StaffTotpDevice) -> str:
    """Where the secret is stored: a row copied to another member of staff does not open."""
    return place_of(schema="public", label=device._meta.label, field="sealed_secret", pk=device.pk)


@transaction.atomic
def confirm(staff: StaffUser, code: str, *, at: dt.datetime) -> list[str]:
    """Confirm the first code of a new authenticator app. Returns the recovery codes, shown once.

    Raises WrongCode, and Conflict when the app was confirmed meanwhile.
    """
    device = StaffTotpDevice.objects.select_for_update().filter(staff=staff).first()
    if device is None or device.confirmed_at is not None:
        raise Conflict("This account has an authenticator app already.")
    step = one_time_codes.matching_step(secret_of(device), code, at=at, last_step=device.last_step)
    if step is None:
        raise WrongCode
    device.confirmed_at, device.last_step = at, step
    device.save(update_fields=["confirmed_at", "last_step"])
    record_event("second_factor.enrolled", target=staff.email)
    return renew_recovery_codes(staff)


@transaction.atomic
def renew_recovery_codes(staff: StaffUser) -> list[str]:
    """Replace the recovery codes. Returns the new ones; only hashes are stored."""
    codes = one_time_codes.new_recovery_codes()
    StaffRecoveryCode.objects.filter(staff=staff).delete()
    StaffRecoveryCode.objects.bulk_create(
        StaffRecoveryCode(staff=staff, code_hash=_recovery_hash(staff, code)) for code in codes
    )
    return codes


def take(staff: StaffUser, code: str, *, at: dt.datetime) -> StaffTotpDevice:
    """Take a code of the app or a recovery code, each at most once whoever asks at the same time.

    Raises WrongCode.
    """
    device = confirmed_device(staff)
    if device is None:
        raise WrongCode
    if not (_take_step(device, code, at=at) or _take_recovery_code(staff, code, at=at)):
        raise WrongCode
    return device


def _take_step(device: StaffTotpDevice, code: str, *, at: dt.datetime) -> bool:
    step = one_time_codes.matching_step(secret_of(device), code, at=at, last_step=device.last_step)
    if step is None:
        return False
    # Of requests with the same code one finds the row as it was read; the others change nothing.
    rows = StaffTotpDevice.objects.filter(pk=device.pk, last_step__lt=step)
    return bool(rows.update(last_step=step))


def _take_recovery_code(staff: StaffUser, code: str, *, at: dt.datetime) -> bool:
    rows = StaffRecoveryCode.objects.filter(
        staff=staff, code_hash=_recovery_hash(staff, code), used_at__isnull=True
    )
    taken = bool(rows.update(used_at=at))
    if taken:
        record_event("second_factor.recovery_code_used", target=staff.email)
    return taken


def _recovery_hash(staff: StaffUser, code: str) -> str:
    return one_time_codes.recovery_code_hash(code, owner=f"public:{staff.pk}")


def recovery_codes_left(staff: StaffUser) -> int:
    return StaffRecoveryCode.objects.filter(staff=staff, used_at__isnull=True).count()


@transaction.atomic
def reset(staff: StaffUser, *, by: StaffUser | None, reason: str) -> None:
    """Forget somebody's authenticator app and recovery codes: they enrol anew at their next sign-in.

    Their sessions end with the next request, because a session names its device. `by` is None on
    the command line. Raises NotAllowed for anybody but another superuser, InvalidInput without a
    reason.
    """
    if by is not None and (not by.is_superuser or by.pk == staff.pk):
        raise NotAllowed("Another superuser resets an authenticator app.")
    if len(reason.strip()) < SHORTEST_REASON:
        raise InvalidInput("Say why, in a few words.", field="reason", value=reason)
    StaffTotpDevice.objects.filter(staff=staff).delete()
    StaffRecoveryCode.objects.filter(staff=staff).delete()
    record_event("second_factor.reset", target=staff.email, details={"reason": reason.strip()})


def enrol_for_demo(staff: StaffUser) -> None:
    """Give the demo's account a confirmed app that nobody holds; the code page shows its codes."""
    device, is_new = StaffTotpDevice.objects.get_or_create(
        staff=staff, defaults={"sealed_secret": "", "confirmed_at": timezone.now()}
    )
    if is_new:
        _store_secret(device, one_time_codes.new_secret())


def demo_code(staff: StaffUser, *, demo_account: str, at: dt.datetime) -> str | None:
    """A code that will be taken now, for the demo's account only; None for everybody else.

    Also None for half a minute after two codes of the same moment were used.
    """
    if not demo_account or staff.email != demo_account:
        return None
    device = confirmed_device(staff)
    if device is None:
        return None
    return one_time_codes.next_code(secret_of(device), at=at, last_step=device.last_step)
