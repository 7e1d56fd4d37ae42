"""Inviting somebody by mail. The secret is made by the job that mails it: no queue, log or table ever holds it."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.urls import reverse

from costinsights.accounts import services
from costinsights.accounts.member_limits import checked_limits
from costinsights.accounts.members import active_members, require_role_to_give
from costinsights.accounts.models import (
    INVITATION_LIFETIME,
    Invitation,
    Role,
    User,
    Workspace,
    normalise_email,
)
from costinsights.core.audit import record_event
from costinsights.core.errors import ApplicationError, Conflict, InvalidInput, NotAllowed, NotFound
from costinsights.core.limits import require_room
from costinsights.core.mail import send_mail
from costinsights.core.tenancy import absolute_url, current_tenant


class InvitationUnusable(ApplicationError):
    """Wrong, used, revoked or too old: which of them is nobody's business."""

    code = "invitation_unusable"
    status = 410
    title = "This invitation does not work any more"

    def __init__(self) -> None:
        super().__init__("Ask whoever invited you for a new one.")


@transaction.atomic
def invite(
    *,
    by: User,
    email: str,
    role: Role,
    at: dt.datetime,
    namespaces: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> Invitation:
    """Open the door for an address. Nothing can pass it until `send` has made its secret.

    Raises NotAllowed, InvalidInput, Conflict for a member's or an invited address, and where the plan is full.
    """
    require_role_to_give(by, role)
    address = normalise_email(email)
    try:
        validate_email(address)
    except ValidationError as error:
        raise InvalidInput("This is no e-mail address.", field="email", value=email) from error
    names, pairs = checked_limits(role, namespaces, labels)
    _refuse_known(address)
    _close_expired(address, at)
    require_room("members", lambda: active_members() + open_invitations(at).count())
    try:
        with transaction.atomic():
            return Invitation.objects.create(
                email=address,
                role=role,
                scope_namespaces=names,
                scope_labels=pairs,
                secret_hash=_hash(_new_secret()),
                invited_by=by,
                created_at=at,
                expires_at=at + INVITATION_LIFETIME,
            )
    except IntegrityError as error:
        raise Conflict(
            "This address is invited already. Send the invitation again, or revoke it first."
        ) from error


def open_invitations(at: dt.datetime) -> models.QuerySet[Invitation]:
    """Invitations that can still be accepted, the newest first."""
    return pending().filter(expires_at__gt=at)


def pending() -> models.QuerySet[Invitation]:
    """Invitations nobody has accepted or revoked, expired ones included."""
    return Invitation.objects.filter(accepted_at__isnull=True, revoked_at__isnull=True)


def access_invitation(invitation_id: int) -> Invitation:
    """A pending invitation, expired ones included. Raises NotFound."""
    invitation = pending().filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFound("There is no such invitation.")
    return invitation


@transaction.atomic
def renew(*, by: User, invitation: Invitation, at: dt.datetime) -> Invitation:
    """Let an invitation live for its whole time again. The link of the earlier mail stops working at once."""
    invitation = _locked(by, invitation)
    _refuse_known(invitation.email)
    invitation.secret_hash = _hash(_new_secret())
    invitation.expires_at = at + INVITATION_LIFETIME
    invitation.save(update_fields=["secret_hash", "expires_at"])
    return invitation


@transaction.atomic
def revoke(*, by: User, invitation: Invitation, at: dt.datetime) -> None:
    """Close the door again."""
    invitation = _locked(by, invitation)
    invitation.revoked_at = at
    invitation.save(update_fields=["revoked_at"])


def send(*, invitation_id: int, at: dt.datetime) -> bool:
    """Make the invitation's secret and mail it. False when there is nothing to accept any more.

    Each time another secret: what an earlier mail holds stops working. Raises OSError or SMTPException.
    """
    secret = _new_secret()
    stands = open_invitations(at).filter(pk=invitation_id)
    if not stands.update(secret_hash=_hash(secret)):
        return False
    invitation = Invitation.objects.select_related("invited_by").get(pk=invitation_id)
    tenant = current_tenant()
    path = reverse(
        "invitation-open",
        kwargs={"invitation_secret": secret},
        urlconf=settings.ROOT_URLCONF,
    )
    context = {
        "invitation": invitation,
        "inviter": invitation.invited_by.display_name if invitation.invited_by else "",
        "tenant": tenant,
        "link": absolute_url(tenant, path),
        "days_valid": INVITATION_LIFETIME.days,
    }
    send_mail(
        to=invitation.email,
        subject=f"Join {tenant.name} on Cost Insights",
        template="accounts/mail/invitation",
        context=context,
    )
    return True


@transaction.atomic
def door_for_first_owner(*, email: str, at: dt.datetime) -> str:
    """The path where the first owner of a workspace without members joins it; "" once there is a member.

    For whoever has just shown that the address is theirs: the path is an answer to them and is not mailed. Each
    call makes another secret, and the one before stops working.
    """
    if User.objects.exists():
        return ""
    secret = _new_secret()
    address = normalise_email(email)
    invitation = pending().select_for_update().filter(email=address).first()
    if invitation is None:
        invitation = Invitation(email=address, role=Role.OWNER, created_at=at)
    invitation.secret_hash = _hash(secret)
    invitation.expires_at = at + INVITATION_LIFETIME
    invitation.save()
    return reverse(
        "invitation-open", kwargs={"invitation_secret": secret}, urlconf=settings.ROOT_URLCONF
    )


def find(secret: str, *, at: dt.datetime) -> Invitation:
    """The invitation this secret opens. Raises InvitationUnusable."""
    invitation = open_invitations(at).filter(secret_hash=_hash(secret)).first()
    if invitation is None:
        raise InvitationUnusable
    return invitation


def needs_password(invitation: Invitation) -> bool:
    """Whether who accepts chooses a password: where members sign in elsewhere, only owners do."""
    return Workspace.load().password_sign_in or invitation.role == Role.OWNER


@transaction.atomic
def accept(*, secret: str, name: str, password: str | None, at: dt.datetime) -> User:
    """Make the invited address a member, once. Raises InvitationUnusable, InvalidInput, and where the plan is full."""
    invitation = find(secret, at=at)
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not invitation.is_open(at) or invitation.secret_hash != _hash(secret):
        raise InvitationUnusable
    if password is None and needs_password(invitation):
        raise InvalidInput("Choose a password.", field="password")
    require_room("members", active_members)
    user = services.create_user(
        email=invitation.email, password=password, role=Role(invitation.role), name=name
    )
    user.scope_namespaces = invitation.scope_namespaces
    user.scope_labels = invitation.scope_labels
    user.save(update_fields=["scope_namespaces", "scope_labels"])
    invitation.accepted_at = at
    invitation.save(update_fields=["accepted_at"])
    record_event("invitation.accepted", target=user.email, details={"role": user.role})
    return user


def _locked(by: User, invitation: Invitation) -> Invitation:
    row = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if row.accepted_at is not None or row.revoked_at is not None:
        raise NotFound("There is no such invitation.")
    try:
        require_role_to_give(by, Role(row.role))
    except NotAllowed:
        raise NotAllowed("Only an owner can change an owner's invitation.") from None
    return row


def _refuse_known(address: str) -> None:
    known = User.objects.filter(email=address).first()
    if known is None:
        return
    if known.is_active:
        raise Conflict("Somebody with this e-mail address is a member already.")
    raise Conflict("This is a deactivated member. Reactivate them instead.")


def _close_expired(address: str, at: dt.datetime) -> None:
    """An invitation that ran out must not keep its address from being invited again."""
    expired = Invitation.objects.filter(email=address, expires_at__lte=at)
    expired.filter(accepted_at__isnull=True, revoked_at__isnull=True).update(revoked_at=at)


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
