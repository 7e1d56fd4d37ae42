"""What admins and owners do with members: roles, limits, in and out. Each rule stands here once.

Nobody gives a role above their own or touches a member above themselves, so only owners make and change owners; the
last owner stays; nobody shuts themselves out. Everything takes effect with the member's next request.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from costinsights.accounts import second_factor, services
from costinsights.accounts.member_limits import MAY_BE_LIMITED, checked_limits
from costinsights.accounts.models import (
    Role,
    SecondFactorPolicy,
    TotpDevice,
    User,
    Workspace,
)
from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, NotAllowed, NotFound
from costinsights.core.limits import require_room


def listed() -> QuerySet[User]:
    """Every member with `has_second_factor`, by address; those shut out last."""
    device = TotpDevice.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
    return User.objects.annotate(has_second_factor=Exists(device)).order_by(
        "-is_active", "email", "pk"
    )


def access_member(member_id: int) -> User:
    """The member with this id. Raises NotFound."""
    member = listed().filter(pk=member_id).first()
    if member is None:
        raise NotFound("There is no such member.")
    return member


def may_manage(by: User, member: User) -> bool:
    """Whether `by` may change this member at all."""
    return by.has_role(Role.ADMIN) and by.effective_role.at_least(Role(member.role))


def roles_to_give(by: User) -> list[Role]:
    """The roles `by` may give somebody, the highest first."""
    if not by.has_role(Role.ADMIN):
        return []
    return [role for role in Role if by.effective_role.at_least(role)]


def require_role_to_give(by: User, role: Role) -> None:
    """Raises NotAllowed where `by` may not give somebody this role."""
    if role not in roles_to_give(by):
        raise NotAllowed("Nobody can give a role above their own. Ask an owner.")


def active_members() -> int:
    """How many members count against the plan."""
    return User.objects.filter(is_active=True).count()


@transaction.atomic
def change_member(
    *,
    by: User,
    member: User,
    role: Role | None = None,
    namespaces: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    approves_statements: bool | None = None,
) -> User:
    """Give a member another role, other limits or the approver right; None keeps what is.

    A change of role signs them out.

    A role that cannot be limited takes the limits away, unless new ones are asked for with it. Raises NotAllowed,
    InvalidInput, and Conflict for the last owner.
    """
    member = _locked(by, member)
    new_role = role or Role(member.role)
    if new_role != member.role:
        require_role_to_give(by, new_role)
    keeps = new_role in MAY_BE_LIMITED
    wanted_namespaces = (
        (member.scope_namespaces if keeps else []) if namespaces is None else namespaces
    )
    wanted_labels = (member.scope_labels if keeps else []) if labels is None else labels
    names, pairs = checked_limits(new_role, wanted_namespaces, wanted_labels)
    changes_role = new_role != member.role
    if changes_role and new_role != Role.OWNER:
        services.refuse_losing_last_owner(member)
    member.role, member.scope_namespaces, member.scope_labels = new_role, names, pairs
    if approves_statements is not None:
        member.approves_statements = approves_statements
    member.save(update_fields=["role", "scope_namespaces", "scope_labels", "approves_statements"])
    if changes_role:
        services.end_sessions(user=member)
    return member


@transaction.atomic
def deactivate(*, by: User, member: User) -> User:
    """Shut a member out: sessions and API tokens stop. Raises NotAllowed, Conflict for oneself and the last owner."""
    member = _locked(by, member)
    if member.pk == by.pk:
        raise Conflict("You cannot deactivate yourself. Ask another admin or owner.")
    services.deactivate_user(user=member)
    return member


@transaction.atomic
def reactivate(*, by: User, member: User) -> User:
    """Let a member in again, with the role and limits they had. Raises NotAllowed, and where the plan is full."""
    member = _locked(by, member)
    if not member.is_active:
        require_room("members", active_members)
        member.is_active = True
        member.save(update_fields=["is_active"])
    return member


@transaction.atomic
def sign_out(*, by: User, member: User) -> int:
    """End every session of a member; API tokens live on. Returns how many ended. Raises NotAllowed."""
    member = _locked(by, member)
    ended = services.end_sessions(user=member)
    record_event("session.revoked", target=member.email, details={"sessions": ended})
    return ended


@transaction.atomic
def reset_second_factor(*, by: User, member: User) -> bool:
    """Take a lost second factor away and sign the member out. False when there was none. Raises NotAllowed."""
    member = _locked(by, member)
    if member.pk == by.pk:
        raise Conflict("Turn off your own second factor on your profile, with your password.")
    removed = second_factor.remove(user=member)
    if removed:
        services.end_sessions(user=member)
    return removed


@transaction.atomic
def require_second_factor(*, by: User, policy: SecondFactorPolicy) -> SecondFactorPolicy:
    """Say who must have a second factor, from their next request on. Raises NotAllowed below owner."""
    if not by.has_role(Role.OWNER):
        raise NotAllowed("Only an owner decides who must have a second factor.")
    Workspace.objects.get_or_create(pk=1)
    Workspace.objects.filter(pk=1).update(second_factor_policy=policy, updated_at=timezone.now())
    return policy


def _locked(by: User, member: User) -> User:
    """The member's row of now, held until the transaction ends, if `by` may change it."""
    if not by.has_role(Role.ADMIN):
        raise NotAllowed("This needs the role Admin or more.")
    row = User.objects.select_for_update().get(pk=member.pk)
    if not may_manage(by, row):
        raise NotAllowed("Only an owner can change an owner.")
    return row
