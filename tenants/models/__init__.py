"""Tenants, plans and switches, and the platform's staff: the public schema."""

from tenants.models.announcements import Announcement, AnnouncementLevel
from tenants.models.audit import PlatformAuditEntry, PlatformAuditHead
from tenants.models.jobs import JobFailure
from tenants.models.plans import PlanLimits, TenantUsage
from tenants.models.sign_ups import SIGN_UP_LIFETIME, SignUp
from tenants.models.staff import StaffRecoveryCode, StaffSession, StaffTotpDevice, StaffUser
from tenants.models.support import (
    LONGEST_BREAK_GLASS,
    LONGEST_GRANT,
    GrantState,
    SupportGrant,
)
from tenants.models.switches import (
    Access,
    Because,
    Decision,
    FeatureOverride,
    FeatureSwitch,
    PlatformSwitch,
)
from tenants.models.tenancy import (
    GRACE,
    RESERVED_SLUGS,
    Domain,
    EndedPlan,
    Plan,
    Tenant,
    TenantStatus,
    slug_validator,
)

__all__ = [
    "GRACE",
    "LONGEST_BREAK_GLASS",
    "LONGEST_GRANT",
    "RESERVED_SLUGS",
    "SIGN_UP_LIFETIME",
    "Access",
    "Announcement",
    "AnnouncementLevel",
    "Because",
    "Decision",
    "Domain",
    "EndedPlan",
    "FeatureOverride",
    "FeatureSwitch",
    "GrantState",
    "JobFailure",
    "Plan",
    "PlanLimits",
    "PlatformAuditEntry",
    "PlatformAuditHead",
    "PlatformSwitch",
    "SignUp",
    "StaffRecoveryCode",
    "StaffSession",
    "StaffTotpDevice",
    "StaffUser",
    "SupportGrant",
    "Tenant",
    "TenantStatus",
    "TenantUsage",
    "slug_validator",
]
