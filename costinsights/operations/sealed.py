"""Every column that holds a sealed secret, found by its name, and what its values are bound to."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.db import models

from costinsights.core.crypto import place_of

PREFIX = "sealed_"


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of one model, with the names the database knows it by."""

    model: type[models.Model]
    field: str

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def column(self) -> str:
        return str(self.model._meta.get_field(self.field).column)  # type: ignore[union-attr]  # a field with a column

    @property
    def key(self) -> str:
        return str(self.model._meta.pk.column)

    def place(self, schema: str, pk: object) -> str:
        """The associated data of this column in the row `pk` of `schema`."""
        return place_of(schema=schema, label=self.model._meta.label, field=self.field, pk=pk)


def sealed_columns(*, of_tenants: bool) -> list[SealedColumn]:
    """The sealed columns of tenants' schemas, or those of the public schema."""
    return sorted(_found(of_tenants), key=lambda sealed: (sealed.table, sealed.field))


def _found(of_tenants: bool) -> Iterator[SealedColumn]:
    for config in apps.get_app_configs():
        if (config.name in settings.TENANT_APPS) is not of_tenants:
            continue
        for model in config.get_models():
            for field in model._meta.concrete_fields:
                if field.name.startswith(PREFIX):
                    yield SealedColumn(model, field.name)
