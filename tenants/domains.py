"""The host names that lead to a tenant: what one may look like, and how they are added and removed."""

import re

from django.conf import settings
from django.db import IntegrityError, transaction

from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput, NotFound
from costinsights.core.tenancy import public_context
from tenants.models import RESERVED_SLUGS, Domain, Tenant

_HOST = re.compile(
    r"\A(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\Z"
)


def is_host(text: str) -> bool:
    """Whether `text` is a host name in lower case, without port: no address, no trailing dot."""
    return bool(_HOST.match(text)) and not text.rpartition(".")[2].isdigit()


def checked_host(text: str) -> str:
    """The host name as it is stored, if a tenant may have it. Raises InvalidInput.

    Refused are the platform's own hosts and reserved names right below the platform's domain.
    """
    host = text.strip().lower()
    if not is_host(host) or "." not in host:
        raise InvalidInput(
            "Give a host name such as costs.example.com, without scheme and port.",
            field="domain",
            value=text,
        )
    label, _, parent = host.partition(".")
    is_reserved = parent == settings.BASE_DOMAIN and label in RESERVED_SLUGS
    if host in (settings.BASE_DOMAIN, settings.STAFF_HOST) or is_reserved:
        raise InvalidInput(f"“{host}” belongs to the platform.", field="domain", value=text)
    return host


def add_domain(tenant: Tenant, host: str) -> Domain:
    """Let another host name lead to the tenant. Raises InvalidInput, and Conflict when it is taken."""
    checked = checked_host(host)
    try:
        with public_context(), transaction.atomic():
            domain = Domain.objects.create(tenant=tenant, domain=checked, is_primary=False)
            record_event("domain.added", target=tenant.slug, details={"domain": checked})
    except IntegrityError as error:
        raise Conflict(f"“{checked}” leads to a workspace already.", field="domain") from error
    return domain  # type: ignore[no-any-return]  # the mixin is untyped


def make_primary(tenant: Tenant, domain_id: int) -> Domain:
    """Let links in mails point to this host name. Raises NotFound."""
    with public_context(), transaction.atomic():
        domains = {row.pk: row for row in _locked(tenant)}
        chosen = domains.get(domain_id)
        if chosen is None:
            raise NotFound("The tenant has no such domain.")
        # One after the other: the database allows one primary domain at any moment.
        Domain.objects.filter(tenant=tenant, is_primary=True).update(is_primary=False)
        Domain.objects.filter(pk=chosen.pk).update(is_primary=True)
        record_event("domain.made_primary", target=tenant.slug, details={"domain": chosen.domain})
    return chosen


def remove_domain(tenant: Tenant, domain_id: int) -> str:
    """Take a host name away; it answers 404 from then on. Raises NotFound, Conflict for the primary one."""
    with public_context(), transaction.atomic():
        domains = {row.pk: row for row in _locked(tenant)}
        chosen = domains.get(domain_id)
        if chosen is None:
            raise NotFound("The tenant has no such domain.")
        if chosen.is_primary:
            raise Conflict("Links in mails use the primary domain. Make another one primary first.")
        chosen.delete()
        record_event("domain.removed", target=tenant.slug, details={"domain": chosen.domain})
    return str(chosen.domain)


def _locked(tenant: Tenant) -> list[Domain]:
    return list(Domain.objects.select_for_update().filter(tenant=tenant).order_by("pk"))
