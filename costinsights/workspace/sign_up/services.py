"""From "I want a workspace" to one with a door for its first owner.

A short name is nobody's until the mailed link is followed, so that nobody can sit on names; whoever confirms
first has it, and the other chooses another one on the page the link leads to.
"""

import datetime as dt
import hashlib
import secrets

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse

from costinsights.accounts.invitations import door_for_first_owner
from costinsights.accounts.models import normalise_email
from costinsights.core.errors import ApplicationError, Conflict, InvalidInput
from costinsights.core.mail import send_mail
from costinsights.core.tenancy import absolute_url, address_on, public_context, tenant_context
from tenants.models import (
    RESERVED_SLUGS,
    SIGN_UP_LIFETIME,
    Domain,
    Plan,
    SignUp,
    Tenant,
    slug_validator,
)
from tenants.services import create_tenant
from tenants.trials import start_trial

KEPT_FOR = dt.timedelta(days=7)  # past its end, for whoever follows an old link
_log = structlog.get_logger(__name__)


class SignUpUnusable(ApplicationError):
    """The link is wrong or too old."""

    code = "sign_up_unusable"
    status = 410
    title = "This link does not work any more"

    def __init__(self) -> None:
        super().__init__("A link works for 24 hours. Sign up again to get a new one.")


class SlugTaken(Conflict):
    """The short name belongs to another workspace."""

    code = "slug_taken"
    title = "This address is taken"

    def __init__(self, slug: str) -> None:
        super().__init__(f"“{slug}” is taken. Choose another address.", field="slug", value=slug)


def checked_slug(text: str) -> str:
    """A short name that a workspace could have now. Raises InvalidInput or SlugTaken for field `slug`."""
    slug = text.strip().lower()
    try:
        slug_validator(slug)
    except ValidationError as error:
        raise InvalidInput(error.messages[0], field="slug", value=slug[:40]) from error
    if slug in RESERVED_SLUGS:
        raise SlugTaken(slug)
    host = f"{slug}.{settings.BASE_DOMAIN}"
    with public_context():
        if Tenant.objects.filter(slug=slug).exists() or Domain.objects.filter(domain=host).exists():
            raise SlugTaken(slug)
    return slug


def checked_name(text: str) -> str:
    """A workspace's name. Raises InvalidInput for field `workspace_name`."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= 120:
        raise InvalidInput("Give it a name of 1 to 120 characters.", field="workspace_name")
    return name


def request_sign_up(
    *, workspace_name: str, slug: str, email: str, ip_address: str | None, at: dt.datetime
) -> SignUp:
    """Remember what somebody asked for. Nothing exists until `send_link` has mailed them and they came back.

    Raises InvalidInput and SlugTaken.
    """
    address = normalise_email(email)
    try:
        validate_email(address)
    except ValidationError as error:
        raise InvalidInput("This is no e-mail address.", field="email") from error
    name, short_name = checked_name(workspace_name), checked_slug(slug)
    with public_context():
        return SignUp.objects.create(
            email=address,
            workspace_name=name,
            slug=short_name,
            secret_hash=_hash(_new_secret()),
            ip_address=ip_address,
            created_at=at,
            expires_at=at + SIGN_UP_LIFETIME,
        )


def send_link(*, sign_up_id: int, at: dt.datetime) -> bool:
    """Make the secret and mail it; each time another one. False when there is nothing to confirm any more.

    Raises OSError or SMTPException.
    """
    secret = _new_secret()
    with public_context():
        open_now = SignUp.objects.filter(
            pk=sign_up_id, completed_at__isnull=True, expires_at__gt=at
        )
        if not open_now.update(secret_hash=_hash(secret)):
            return False
        row = SignUp.objects.get(pk=sign_up_id)
        path = reverse(
            "sign-up-confirm",
            kwargs={"sign_up_secret": secret},
            urlconf=settings.PUBLIC_SCHEMA_URLCONF,
        )
        context = {
            "sign_up": row,
            "tenant": {"name": row.workspace_name},
            "host": f"{row.slug}.{settings.BASE_DOMAIN}",
            "link": address_on(settings.BASE_DOMAIN, path),
            "hours_valid": int(SIGN_UP_LIFETIME.total_seconds() // 3600),
        }
        send_mail(
            to=row.email,
            subject=f"Confirm your workspace {row.workspace_name}",
            template="workspace/mail/sign_up",
            context=context,
        )
    return True


def find_sign_up(secret: str, *, at: dt.datetime) -> SignUp:
    """What this secret confirms, also when it is confirmed already. Raises SignUpUnusable."""
    with public_context():
        row = SignUp.objects.filter(secret_hash=_hash(secret)).first()
    if row is None or (row.completed_at is None and row.expires_at <= at):
        raise SignUpUnusable
    return row


def confirm(*, secret: str, slug: str, at: dt.datetime) -> str:
    """Make the workspace, once, and answer the address where its first owner goes on.

    That is where they choose a password, or the sign-in page when they did. Following the link again leads to
    the same workspace. Role, schema, rows and the door for the owner are made all or not at all. Raises
    SignUpUnusable, InvalidInput, SlugTaken.
    """
    found = find_sign_up(secret, at=at)
    with public_context(), transaction.atomic():
        row = SignUp.objects.select_for_update().get(pk=found.pk)
        if row.completed_at is None:
            row.slug = checked_slug(slug)
            tenant = _provision(row, at)
            row.completed_at = at
            row.save(update_fields=["slug", "completed_at"])
            _log.info("signed_up", tenant=tenant.pk)
        else:
            known = Tenant.objects.filter(slug=row.slug).first()
            if known is None:
                raise SignUpUnusable
            tenant = known
        with tenant_context(tenant):
            path = door_for_first_owner(email=row.email, at=at) or reverse(
                "sign-in", urlconf=settings.ROOT_URLCONF
            )
    return absolute_url(tenant, path)


def _provision(row: SignUp, at: dt.datetime) -> Tenant:
    try:
        with transaction.atomic():
            tenant = create_tenant(name=row.workspace_name, slug=row.slug)
    except (Conflict, IntegrityError) as error:  # somebody was faster by a moment
        raise SlugTaken(row.slug) from error
    if days := settings.SIGN_UP_TRIAL_DAYS:
        start_trial(tenant=tenant, plan=Plan.SAAS, days=days, at=at, reason="Signed up")
    return tenant


def forget_old_sign_ups(*, at: dt.datetime) -> int:
    """Delete what nobody can come back to, addresses included. Returns how many rows."""
    with public_context():
        gone, _ = SignUp.objects.filter(expires_at__lt=at - KEPT_FOR).delete()
    return gone


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
