"""What the people of a workspace may change about its row: its name and the currency of its reports."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from costinsights.core.errors import Conflict, InvalidInput
from costinsights.core.tenancy import TenantLike, public_context
from tenants.models import Tenant, TenantStatus


@dataclass(frozen=True, slots=True)
class Identity:
    """A workspace's own words about itself."""

    name: str
    reporting_currency: str


def lock_identity(tenant: TenantLike) -> Identity:
    """As the row says now, held until the transaction around ends. Raises Conflict for one being deleted."""
    with public_context():
        row = Tenant.objects.select_for_update().filter(pk=tenant.pk).first()
    if row is None or row.status == TenantStatus.DELETING:
        raise Conflict("The workspace is being deleted and cannot change any more.")
    return Identity(row.name, row.reporting_currency)


def change_identity(tenant: TenantLike, wanted: Identity) -> None:
    """Write it, and into `tenant` too. Raises InvalidInput for what the row does not take.

    Whether a currency exists is for the caller to say: here it is three capital letters.
    """
    with public_context(), transaction.atomic():
        row = Tenant.objects.get(pk=tenant.pk)
        row.name = " ".join(wanted.name.split())
        row.reporting_currency = wanted.reporting_currency
        try:
            row.clean_fields(
                exclude=[
                    field.name
                    for field in Tenant._meta.fields
                    if field.name not in {"name", "reporting_currency"}
                ]
            )
        except ValidationError as error:
            field, messages = next(iter(error.message_dict.items()))
            raise InvalidInput(messages[0], field=field, value=getattr(wanted, field)) from error
        row.save(update_fields=["name", "reporting_currency"])
    tenant.name, tenant.reporting_currency = row.name, row.reporting_currency
