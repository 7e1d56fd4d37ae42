"""What an owner says about an identity provider, checked before anything is saved."""

import re
from dataclasses import dataclass, field, replace

from django.utils.text import slugify

from costinsights.accounts.models import IdentityProvider, Role
from costinsights.accounts.single_sign_on.discovery import WELL_KNOWN, check_endpoint
from costinsights.accounts.single_sign_on.errors import ProviderUnusable
from costinsights.accounts.single_sign_on.mapping import checked_mapping
from costinsights.core.errors import InvalidInput

LONGEST_NAME = 80
LONGEST_SLUG = 40
LONGEST_ISSUER = 500
LONGEST_CLIENT_ID = 255
LONGEST_SECRET = 2_000
LONGEST_CLAIM = 120
MOST_DOMAINS = 50
MOST_SCOPES = 20
_SCOPE = re.compile(r"\A[\x21\x23-\x5b\x5d-\x7e]{1,80}\Z")  # RFC 6749, 3.3
_DOMAIN = re.compile(
    r"\A(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+\Z"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, repr=False)
class ProviderDraft:
    """A provider as typed. `client_secret` None keeps what is stored; "" makes a public client of it.

    Has no repr: it carries the secret in clear.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str | None = None
    extra_scopes: tuple[str, ...] = ()
    is_active: bool = True
    creates_members: bool = False
    allowed_email_domains: tuple[str, ...] = ()
    role_claim: str = ""
    role_mapping: dict[str, str] = field(default_factory=dict)
    default_role: str = ""

    @classmethod
    def of(cls, provider: IdentityProvider) -> "ProviderDraft":
        """A stored provider as it is, its secret left where it is."""
        return cls(
            name=provider.name,
            issuer=provider.issuer,
            client_id=provider.client_id,
            extra_scopes=tuple(provider.extra_scopes),
            is_active=provider.is_active,
            creates_members=provider.creates_members,
            allowed_email_domains=tuple(provider.allowed_email_domains),
            role_claim=provider.role_claim,
            role_mapping=dict(provider.role_mapping),
            default_role=provider.default_role,
        )

    def checked(self, *, stored: IdentityProvider | None = None) -> "ProviderDraft":
        """The draft, tidied, if it can be saved. Raises InvalidInput with the field and the way out."""
        draft = replace(
            self,
            name=self.name.strip(),
            issuer=tidy_issuer(self.issuer),
            client_id=self.client_id.strip(),
            extra_scopes=tuple(dict.fromkeys(self.extra_scopes)),
            allowed_email_domains=tuple(
                dict.fromkeys(text.strip().lower() for text in self.allowed_email_domains)
            ),
            role_claim=self.role_claim.strip(),
            role_mapping=checked_mapping(self.role_mapping),
        )
        draft._check_client(stored)
        draft._check_members()
        return draft

    def _check_client(self, stored: IdentityProvider | None) -> None:
        _check_text("name", self.name, LONGEST_NAME)
        _check_text("issuer", self.issuer, LONGEST_ISSUER)
        try:
            check_endpoint(self.issuer, "issuer")
        except ProviderUnusable as error:
            raise InvalidInput(error.message, field="issuer", value=self.issuer) from error
        if "?" in self.issuer:
            raise InvalidInput("An issuer holds no “?”.", field="issuer", value=self.issuer)
        _check_text("client_id", self.client_id, LONGEST_CLIENT_ID)
        secret = self.client_secret or ""
        if len(secret) > LONGEST_SECRET or _CONTROL.search(secret):
            raise InvalidInput(
                "The secret is too long or holds a line break.", field="client_secret"
            )
        moved = stored is not None and stored.issuer != self.issuer
        if moved and self.client_secret is None and stored and stored.sealed_client_secret:
            # Otherwise whoever may edit could have the stored secret sent to a host of theirs.
            raise InvalidInput(
                "Enter the client secret again: another issuer must not get the stored one.",
                field="client_secret",
            )
        for scope in self.extra_scopes:
            if not _SCOPE.match(scope):
                raise InvalidInput("This is no scope.", field="extra_scopes", value=scope)
        if len(self.extra_scopes) > MOST_SCOPES:
            raise InvalidInput(f"At most {MOST_SCOPES} scopes.", field="extra_scopes")

    def _check_members(self) -> None:
        for domain in self.allowed_email_domains:
            if not _DOMAIN.match(domain):
                raise InvalidInput(
                    f"“{domain}” is no domain. Write it like example.com.",
                    field="allowed_email_domains",
                    value=domain,
                )
        if len(self.allowed_email_domains) > MOST_DOMAINS:
            raise InvalidInput(f"At most {MOST_DOMAINS} domains.", field="allowed_email_domains")
        if self.creates_members and not self.allowed_email_domains:
            # At a provider that everybody can sign up to, everybody would become a member.
            raise InvalidInput(
                "Name the domains whose addresses become members.", field="allowed_email_domains"
            )
        if len(self.role_claim) > LONGEST_CLAIM or _CONTROL.search(self.role_claim):
            raise InvalidInput("This is no claim.", field="role_claim")
        if self.role_mapping and not self.role_claim:
            raise InvalidInput(
                "Name the claim that lists the groups of the mapping.", field="role_claim"
            )
        if self.role_claim and not self.role_mapping:
            raise InvalidInput("Map at least one group to a role.", field="role_mapping")
        if self.default_role not in ("", *Role.values):
            raise InvalidInput("This is no role.", field="default_role", value=self.default_role)
        if self.default_role == Role.OWNER:
            raise InvalidInput(
                "Only a mapping makes owners. Choose a lesser role.", field="default_role"
            )
        if self.creates_members and not self.default_role and not self.role_mapping:
            raise InvalidInput(
                "Choose the role of new members, or map groups to roles.", field="default_role"
            )


def tidy_issuer(text: str) -> str:
    """The issuer in what was pasted: often it is the address of the discovery document."""
    return text.strip().removesuffix(WELL_KNOWN)


def suggested_slug(name: str) -> str:
    """A short name for addresses that no other provider has."""
    base = slugify(name)[: LONGEST_SLUG - 4].strip("-") or "sso"
    taken = set(IdentityProvider.objects.values_list("slug", flat=True))
    if base not in taken:
        return base
    return next(f"{base}-{number}" for number in range(2, 1000) if f"{base}-{number}" not in taken)


def _check_text(name: str, value: str, longest: int) -> None:
    if not value or len(value) > longest or _CONTROL.search(value):
        raise InvalidInput(f"Give 1 to {longest} characters.", field=name)
