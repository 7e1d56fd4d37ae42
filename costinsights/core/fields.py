"""Model fields of the money kind."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from costinsights.core.money import AmountOutOfRange, decimal_from_micros, micros_from_number


class CostField(models.BigIntegerField):  # type: ignore[type-arg]  # the stubs' set/get pair is ours below
    """An amount of money: whole micro-units in the database, `Decimal` in Python.

    The database adds bigints exactly and fast; people and code see currency units.
    """

    description = "Money in micro-units"

    def from_db_value(self, value: int | None, *_: Any) -> Decimal | None:
        return None if value is None else decimal_from_micros(value)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return decimal_from_micros(micros_from_number(Decimal(str(value))))
        except (ArithmeticError, AmountOutOfRange) as error:
            raise ValidationError(f"“{value}” is no amount of money.", code="invalid") from error

    def get_prep_value(self, value: Any) -> int | None:
        return None if value is None else micros_from_number(Decimal(value))
