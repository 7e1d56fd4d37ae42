"""No operation is forgotten in the document, and the document promises what every operation keeps."""

import ast
from pathlib import Path
from typing import Any

import pytest
from rest_framework.serializers import ModelSerializer

from tests.api.inventory import Operation, documented, operations

PROJECT = Path(__file__).resolve().parents[2]
# Operations that the document leaves out, each with its reason.
NOT_DOCUMENTED: dict[tuple[str, str], str] = {}


def test_the_resolver_and_the_document_have_the_same_operations() -> None:
    answered = {(operation.method, operation.path) for operation in operations()}
    assert answered - set(NOT_DOCUMENTED) == set(documented())


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_every_operation_says_who_may_and_what_can_go_wrong(operation: Operation) -> None:
    told = documented()[operation.method, operation.path]
    assert told["security"]
    assert told["summary"]
    assert {"401", "403", "429"} <= set(told["responses"])


@pytest.mark.parametrize(
    "operation", [one for one in operations() if one.method == "post"], ids=str
)
def test_every_post_takes_an_idempotency_key(operation: Operation) -> None:
    told = documented()[operation.method, operation.path]
    [header] = [one for one in told["parameters"] if one["name"] == "Idempotency-Key"]
    assert (header["in"], header["required"]) == ("header", False)


def _subclasses(kind: type[Any]) -> set[type[Any]]:
    return {kind} | {one for direct in kind.__subclasses__() for one in _subclasses(direct)}


def test_serializers_of_models_write_nothing_by_themselves() -> None:
    """Bodies are read by plain serializers that name each value; a model's own only shows."""
    operations()  # loads every view
    for serializer in _subclasses(ModelSerializer):
        if serializer.__module__.startswith(("costinsights", "reporting", "anomalies", "tenants")):
            assert set(serializer.Meta.fields) <= set(serializer.Meta.read_only_fields), serializer


def test_no_serializer_takes_all_fields_or_all_but_some() -> None:
    for package in ("costinsights", "tenants", "reporting", "anomalies"):
        for path in (PROJECT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef) and node.name == "Meta":
                    text = ast.unparse(node)
                    assert "'__all__'" not in text, path
                    assert "\n    exclude =" not in text or "Form" in path.name, path
