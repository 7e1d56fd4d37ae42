"""What changes about identity providers and about who may use a password."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from costinsights.accounts.models import (
    IdentityProvider,
    Role,
    TenantSession,
    Workspace,
)
from costinsights.accounts.single_sign_on import discovery
from costinsights.accounts.single_sign_on.drafts import ProviderDraft, suggested_slug
from costinsights.core.errors import Conflict, NotFound


def access_provider(pk: int) -> IdentityProvider:
    """The provider with this id. Raises NotFound."""
    provider = IdentityProvider.objects.filter(pk=pk).first()
    if provider is None:
        raise NotFound("There is no such identity provider.")
    return provider


def add_provider(draft: ProviderDraft) -> IdentityProvider:
    """Save a new provider from a checked draft. Raises Conflict for a name that is taken."""
    provider = IdentityProvider(slug=suggested_slug(draft.name))
    return _write(provider, draft)


def change_provider(provider: IdentityProvider, draft: ProviderDraft) -> IdentityProvider:
    """Save a checked draft over a stored provider. Its slug, and so its redirect URI, stays.

    With another issuer everybody is forgotten who was known at the old one: the new one could give any of
    their `sub` to anybody. Raises Conflict.
    """
    if not draft.is_active:
        _refuse_losing_last_way_in(provider)
    with transaction.atomic():
        if provider.issuer != draft.issuer:
            provider.identities.all().delete()
        return _write(provider, draft)


def remove_provider(provider: IdentityProvider) -> None:
    """Delete a disabled provider and the links of members to it. Raises Conflict while it is active."""
    if provider.is_active:
        raise Conflict("Disable the provider first.")
    discovery.forget(provider)
    provider.delete()


@transaction.atomic
def set_password_sign_in(*, allowed: bool) -> None:
    """Let everybody use a password, or owners only.

    Taking it away ends the sessions of everybody below owner, who come back through a provider. Raises
    Conflict while there is no provider to come back through.
    """
    if not allowed and not IdentityProvider.objects.filter(is_active=True).exists():
        raise Conflict("Add and enable an identity provider first.")
    Workspace.objects.get_or_create(pk=1)
    others = Workspace.objects.filter(pk=1).exclude(password_sign_in=allowed)
    changed = others.update(password_sign_in=allowed, updated_at=timezone.now())
    if changed and not allowed:
        signed_in = TenantSession.objects.filter(user__isnull=False)
        signed_in.exclude(user__role=Role.OWNER).delete()


def _write(provider: IdentityProvider, draft: ProviderDraft) -> IdentityProvider:
    for name in (
        "name",
        "issuer",
        "client_id",
        "is_active",
        "creates_members",
        "role_claim",
        "role_mapping",
        "default_role",
    ):
        setattr(provider, name, getattr(draft, name))
    provider.extra_scopes = list(draft.extra_scopes)
    provider.allowed_email_domains = list(draft.allowed_email_domains)
    try:
        with transaction.atomic():
            provider.save()  # before the secret, which is sealed to the row's key
            if draft.client_secret is not None:
                provider.seal_client_secret(draft.client_secret)
                provider.save(update_fields=["sealed_client_secret"])
    except IntegrityError as error:
        raise Conflict("Another identity provider has this name.") from error
    discovery.forget(provider)
    return provider


def _refuse_losing_last_way_in(provider: IdentityProvider) -> None:
    if Workspace.load().password_sign_in:
        return
    if not IdentityProvider.objects.filter(is_active=True).exclude(pk=provider.pk).exists():
        raise Conflict(
            "It is the only way in for everybody below owner. Let them use passwords again first."
        )
