"""The answer as a document and as CSV, against its own schema and against spreadsheets."""

from typing import Any

from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from costinsights.core.csv_cells import safe_cells
from costinsights.costs.api.current_schema import EXAMPLE, CurrentCostsSerializer
from costinsights.costs.models import Cluster
from tests.costs.conftest import get_json
from tests.costs.rows import EXAMPLES


def declared(serializer: Any) -> Any:
    """The names a serializer declares, all the way down."""
    if hasattr(serializer, "child") and hasattr(serializer.child, "fields"):
        return declared(serializer.child)
    return {
        name: declared(field)
        for name, field in serializer.fields.items()
        if hasattr(field, "fields") or hasattr(getattr(field, "child", None), "fields")
    } | {
        name: None
        for name, field in serializer.fields.items()
        if not (hasattr(field, "fields") or hasattr(getattr(field, "child", None), "fields"))
    }


def names(document: Any, model: Any, path: str = "") -> list[str]:
    """Where a document and a declaration disagree about names."""
    if model is None or not isinstance(document, dict):
        return []
    wrong = [f"{path}{name}" for name in set(document) ^ set(model)]
    for name in set(document) & set(model):
        inner = document[name]
        inner = inner[0] if isinstance(inner, list) and inner else inner
        wrong += names(inner, model[name], f"{path}{name}.")
    return wrong


def test_the_document_is_what_the_schema_says(viewer: Client, prod: Cluster) -> None:
    answer = get_json(viewer, "/api/v1/costs/current", limit=2)

    assert names(answer, declared(CurrentCostsSerializer())) == []
    assert names(EXAMPLE.value, declared(CurrentCostsSerializer())) == []


@settings(EXAMPLES, max_examples=300)
@given(st.lists(st.text(max_size=20), max_size=5))
def test_no_text_becomes_a_formula(texts: list[str]) -> None:
    dangerous = ("=", "+", "-", "@", "\t", "\r", "\n")

    assert not any(cell.startswith(dangerous) for cell in safe_cells(texts))


def test_a_plain_name_is_left_alone() -> None:
    assert safe_cells(["shop", "=1+1", "-x", "@cmd"]) == ["shop", "'=1+1", "'-x", "'@cmd"]
