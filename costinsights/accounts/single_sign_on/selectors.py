"""The ways into a workspace: what the sign-in page offers, and who may use a password."""

from dataclasses import dataclass

from django.db.models import QuerySet

from costinsights.accounts.models import IdentityProvider, Role, User, Workspace


@dataclass(frozen=True, slots=True)
class SignInChoices:
    """The ways in. `password_for_owners_only` puts the form behind a link."""

    providers: QuerySet[IdentityProvider]
    password_for_owners_only: bool


def sign_in_choices() -> SignInChoices:
    """The ways into this workspace now."""
    return SignInChoices(
        providers=IdentityProvider.objects.filter(is_active=True),
        password_for_owners_only=not Workspace.load().password_sign_in,
    )


def may_use_password(user: User) -> bool:
    """Whether this member may sign in with a password, and so may have one reset.

    Owners always may: a provider that is down or misconfigured must not lock the workspace.
    """
    return user.role == Role.OWNER or Workspace.load().password_sign_in
