"""Which member a person is, and what their groups make of them."""

import datetime as dt
from typing import Final

import structlog
from django.db import transaction

from costinsights.accounts import services
from costinsights.accounts.member_limits import MAY_BE_LIMITED
from costinsights.accounts.members import active_members
from costinsights.accounts.models import ExternalIdentity, IdentityProvider, Role, User
from costinsights.accounts.single_sign_on.claims import Person
from costinsights.accounts.single_sign_on.errors import SignInRefused
from costinsights.core.actor import Actor, ActorKind, acting_as, current_actor
from costinsights.core.errors import ApplicationError, Conflict
from costinsights.core.limits import require_room

log = structlog.get_logger(__name__)

# No match may make somebody this: only a mapping that names it.
ONLY_BY_MAPPING: Final = Role.OWNER


def sign_in_person(provider: IdentityProvider, person: Person, *, at: dt.datetime) -> User:
    """The member this person is, linked or made if need be, with the role their groups give now.

    Known by `sub` first, then by a verified address. What changes is done in the provider's name.
    Raises SignInRefused, and has changed nothing then.
    """
    asking = current_actor()
    actor = Actor(
        ActorKind.SYSTEM,
        identifier=f"sso:{provider.slug}",
        label=f"single sign-on: {provider.name}",
        ip_address=asking.ip_address,
        request_id=asking.request_id,
    )
    with acting_as(actor), transaction.atomic():
        # One at a time per provider: somebody's first two sign-ins may come side by side.
        current = IdentityProvider.objects.select_for_update().filter(pk=provider.pk).first()
        if current is None or not current.is_active:
            raise _refused("provider_disabled")
        identity = current.identities.select_related("user").filter(subject=person.subject).first()
        user = identity.user if identity is not None else _known_by_address(person)
        if user is None:
            user = _make_member(current, person)
        elif not user.is_active:
            raise _refused("member_deactivated")
        else:
            _apply_role(user, role_for(current, person, has=Role(user.role)))
        if identity is None:
            identity = ExternalIdentity(provider=current, subject=person.subject, user=user)
        identity.last_used_at = at
        identity.save()
    return user


def role_for(provider: IdentityProvider, person: Person, *, has: Role | None) -> Role:
    """The role this person should have. Raises SignInRefused when there is none for them.

    With a role claim the provider decides at every sign-in; without one only a new member's role is set.
    """
    if not provider.role_claim and has is not None:
        return has
    roles = [Role(role) for value, role in provider.role_mapping.items() if value in person.groups]
    if provider.role_claim and roles:
        return max(roles, key=lambda role: role.rank)
    if provider.default_role and provider.default_role != ONLY_BY_MAPPING:
        return Role(provider.default_role)
    raise _refused("no_role")


def _known_by_address(person: Person) -> User | None:
    """An existing member with this address. Raises SignInRefused if the provider does not vouch for it."""
    if not person.email:
        raise _refused("email_missing")
    if not person.email_is_verified:
        raise _refused("email_not_verified")
    return User.objects.filter(email=person.email).first()


def _make_member(provider: IdentityProvider, person: Person) -> User:
    domain = person.email.rpartition("@")[2]
    if not provider.creates_members:
        raise _refused("not_a_member")
    if domain not in provider.allowed_email_domains:
        raise _refused("domain_not_allowed")
    role = role_for(provider, person, has=None)
    try:
        require_room("members", active_members)
    except ApplicationError as error:
        raise _refused("plan_is_full") from error
    try:
        return services.create_user(email=person.email, password=None, role=role, name=person.name)
    except Conflict:  # through another provider, a moment ago
        return User.objects.get(email=person.email)


def _apply_role(user: User, role: Role) -> None:
    if user.role == role:
        return
    if user.is_limited and role not in MAY_BE_LIMITED:
        user.scope_namespaces, user.scope_labels = [], []
        user.save(update_fields=["scope_namespaces", "scope_labels"])
    try:
        services.change_role(user=user, role=role)
    except Conflict:
        # The workspace would lose its last owner, and with it whoever could put the mapping right.
        log.warning("sso_kept_last_owner", user=user.pk, wanted=role)


_WORDS: Final = {
    "provider_disabled": "This way of signing in was switched off a moment ago.",
    "member_deactivated": "Your account in this workspace is deactivated. An admin can activate it again.",
    "email_missing": "The identity provider sent no e-mail address for you, so you could not be recognised. "
    "An owner should add the scope “email”, or the provider the claim.",
    "email_not_verified": "The identity provider does not say that your e-mail address is verified, so it "
    "cannot be matched with a member.",
    "not_a_member": "You signed in at the identity provider, but nobody with your address is a member of this "
    "workspace. Ask an admin for an invitation.",
    "domain_not_allowed": "New members must have an e-mail address of certain domains, and yours is none of "
    "them. Ask an admin for an invitation.",
    "plan_is_full": "This workspace has as many members as its plan allows. Tell an admin.",
    "no_role": "None of your groups at the identity provider gives you a role in this workspace. Ask an "
    "admin which group you need.",
}


def _refused(reason: str) -> SignInRefused:
    return SignInRefused(_WORDS[reason], reason=reason)
