"""The API's operations: as the resolver knows them, and as its OpenAPI document tells them."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator

from tests.isolation.routes import routes

PREFIX = "/api/v1/"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address, with `{parameter}` places."""

    method: str
    path: str
    name: str
    view: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def operations() -> list[Operation]:
    """What answers under /api/v1/, found by walking the resolver."""
    found = []
    for route in routes(settings.ROOT_URLCONF):
        if route.path.startswith(PREFIX):
            filled = route.filled(dict.fromkeys(route.parameters, "1"))
            view: Any = resolve(filled, settings.ROOT_URLCONF).func
            for method in ("get", "post", "put", "patch", "delete"):
                if hasattr(view.cls, method):
                    found.append(Operation(method, route.path, route.name, view.cls))
    return found


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, as /api/schema/ answers it."""
    made: dict[str, Any] = SchemaGenerator(urlconf=settings.ROOT_URLCONF).get_schema(  # type: ignore[no-untyped-call]  # it has no types
        request=None, public=True
    )
    return made


def documented() -> dict[tuple[str, str], dict[str, Any]]:
    """The document's operations by method and path."""
    return {
        (method, path): operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found: dict[str, Any] = document()["components"]["schemas"][name]
        return found
    return schema


def body_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of what the operation takes; empty when it takes nothing."""
    content = operation.get("requestBody", {}).get("content", {})
    return resolved(content.get("application/json", {}).get("schema", {}))


def example_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The first example of a body, if the document has one."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    for example in content.get("examples", {}).values():
        if isinstance(example.get("value"), dict):
            return dict(example["value"])
    return {}
