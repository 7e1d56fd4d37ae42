"""Every body with every column of every table in it: only what the operation takes changes anything."""

from typing import Any

import pytest
from django.db import models
from django.test import Client

from costinsights.accounts.models import User
from costinsights.core.tenancy import public_context
from tenants.models import Tenant
from tests.accounts.people import sign_in
from tests.api.inventory import Operation, body_of, documented, example_of, operations, resolved
from tests.figures import count
from tests.isolation.conftest import Seeded
from tests.isolation.conftest import seeded_acme as seeded_acme  # a fixture
from tests.isolation.seeding import SAME_EMAIL, SAME_PASSWORD, tenant_models
from tests.isolation.test_routes import FOREIGN

POISON, NUMBER, INSTANT = "POISON", 987_654_321, "2001-02-03T04:05:06Z"
TRACES = (POISON, str(NUMBER), "2001-02-03", "datetime.datetime(2001")
CHANGING = [one for one in operations() if one.method in ("post", "put", "patch")]
# What decides over people, and is changed by operations that say so only.
RIGHTS = ("role", "is_active", "password", "email", "scope_namespaces", "scope_labels")


def poison(field: "models.Field[Any, Any]") -> Any:
    """A value that the column would take and that is recognised wherever it lands."""
    if isinstance(field, models.BooleanField):
        return not field.get_default()
    if isinstance(field, models.ForeignKey | models.IntegerField):
        return NUMBER
    if isinstance(field, models.DateTimeField):
        return INSTANT
    if isinstance(field, models.JSONField):
        return {POISON: 1}
    return [POISON] if type(field).__name__ == "ArrayField" else POISON


def poisoned_body() -> dict[str, Any]:
    tables: list[type[models.Model]] = [*tenant_models(), Tenant]
    fields = [field for model in tables for field in model._meta.concrete_fields]
    by_name = {field.name: poison(field) for field in fields}
    return {**by_name, **{field.attname: poison(field) for field in fields}, "pk": NUMBER}


def legal(schema: dict[str, Any], name: str = "") -> Any:
    """Some value of the kind that a schema asks for."""
    schema = resolved(schema)
    if "default" in schema:
        return schema["default"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("format") == "date":
        return "2026-01-01"
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    made = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    return made.get(kind, "USD" if name == "currency" else "legal")


def legal_body(told: dict[str, Any]) -> dict[str, Any]:
    """The document's own example, completed with what is required; addresses lead nowhere."""
    schema = body_of(told)
    properties = schema.get("properties", {})
    body = {name: legal(properties[name], name) for name in schema.get("required", ())}
    body.update(example_of(told))
    return {
        name: "http://127.0.0.1:1/x" if str(value).startswith("http") else value
        for name, value in body.items()
    }


def traces() -> list[str]:
    """Columns of the tenant's tables that hold a poison."""
    found = []
    for model in tenant_models():
        for row in model._default_manager.values():
            found += [
                f"{model._meta.label}.{column}"
                for column, value in row.items()
                if any(trace in repr(value) for trace in TRACES)
            ]
    return found


def rights() -> list[tuple[Any, ...]]:
    return list(User.objects.order_by("pk").values_list("pk", *RIGHTS))


@pytest.fixture
def owner(seeded_acme: Seeded, client_of: Any) -> Client:
    client: Client = client_of(seeded_acme.tenant, raise_request_exception=False)
    sign_in(client, SAME_EMAIL, SAME_PASSWORD)
    return client


@pytest.mark.parametrize("operation", CHANGING, ids=str)
def test_only_what_the_operation_takes_is_written(
    owner: Client, seeded_acme: Seeded, operation: Operation
) -> None:
    told = documented()[operation.method, operation.path]
    taken = set(body_of(told).get("properties", {}))
    body = {name: value for name, value in poisoned_body().items() if name not in taken}
    address = operation.path
    for name, fill in FOREIGN.items():
        address = address.replace(f"{{{name}}}", str(fill(seeded_acme.rows)))
    before = rights()

    send = getattr(owner, operation.method)
    answer = send(address, {**body, **legal_body(told)}, content_type="application/json")

    assert answer.status_code < 500, answer.content
    count(f"mass assignment, answers {answer.status_code // 100}xx")
    count("mass assignment, foreign values sent", len(body))
    assert traces() == []
    if not taken & set(RIGHTS):
        assert rights() == before
    with public_context():
        tenant = Tenant.objects.get(pk=seeded_acme.tenant.pk)
    kept = ("schema_name", "slug", "status")
    assert [getattr(tenant, name) for name in kept] == [
        getattr(seeded_acme.tenant, name) for name in kept
    ]


def test_the_traces_would_be_found(owner: Client) -> None:
    """The check itself: a poison that lands is seen."""
    User.objects.filter(email=SAME_EMAIL).update(name=POISON)
    assert "accounts.User.name" in traces()
