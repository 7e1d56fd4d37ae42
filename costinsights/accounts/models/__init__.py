"""Members, how they sign in, and what they decided. One set per tenant, in the tenant's schema.

Nothing here points into the public schema, and staff are no members: they live in `tenants`.
"""

from costinsights.accounts.models.audit import AuditEntry, AuditHead
from costinsights.accounts.models.idempotency import ANSWERS_KEPT_FOR, IdempotentRequest
from costinsights.accounts.models.invitations import INVITATION_LIFETIME, Invitation
from costinsights.accounts.models.people import (
    Role,
    TenantSession,
    User,
    normalise_email,
    schema_name,
)
from costinsights.accounts.models.second_factor import RecoveryCode, TotpDevice
from costinsights.accounts.models.single_sign_on import ExternalIdentity, IdentityProvider
from costinsights.accounts.models.tokens import (
    EXPIRY_NOTICE,
    TOKEN_LIFETIME_DEFAULT,
    TOKEN_LIFETIME_MAX,
    ApiToken,
    Scope,
)
from costinsights.accounts.models.workspace import SecondFactorPolicy, Workspace

__all__ = [
    "ANSWERS_KEPT_FOR",
    "EXPIRY_NOTICE",
    "INVITATION_LIFETIME",
    "TOKEN_LIFETIME_DEFAULT",
    "TOKEN_LIFETIME_MAX",
    "ApiToken",
    "AuditEntry",
    "AuditHead",
    "ExternalIdentity",
    "IdempotentRequest",
    "IdentityProvider",
    "Invitation",
    "RecoveryCode",
    "Role",
    "Scope",
    "SecondFactorPolicy",
    "TenantSession",
    "TotpDevice",
    "User",
    "Workspace",
    "normalise_email",
    "schema_name",
]
