"""Serializer fields that are the same everywhere."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from costinsights.core.money import amount_text


@extend_schema_field(
    {
        "type": "string",
        "pattern": r"^-?\d+\.\d{6}$",
        "description": "Money as decimal text with six decimals; the currency stands beside it.",
        "examples": ["1234.567890"],
    }
)
class MoneyField(serializers.Field[int, object, str, int]):
    """Micro-units in Python, decimal text with six decimals in JSON. Read only."""

    def __init__(self, **kwargs: object) -> None:
        kwargs["read_only"] = True
        super().__init__(**kwargs)  # type: ignore[arg-type]  # Field takes what it takes

    def to_representation(self, value: int) -> str:
        return amount_text(value)


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.DateTimeField):
    """An instant in UTC with whole seconds and `Z`."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M:%SZ", **kwargs)  # type: ignore[arg-type]  # same
