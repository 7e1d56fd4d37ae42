"""Lists: pages that fit together, and parameters that reach nothing they should not."""

import datetime as dt
import itertools
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.utils import timezone

from costinsights.accounts.models import ApiToken, User
from tests.accounts.people import sign_in
from tests.api.inventory import Operation, documented, operations
from tests.factories.accounts import token_of
from tests.figures import count
from tests.isolation.conftest import Seeded
from tests.isolation.conftest import seeded_acme as seeded_acme  # a fixture
from tests.isolation.seeding import SAME_EMAIL, SAME_PASSWORD

# Addresses that end in a slash and answer one thing, each with what that is.
ONE_THING = {
    "/api/v1/workspace/": "the workspace's settings",
    "/api/v1/members/second-factor-policy/": "who must have a second factor",
}
TOKENS = "/api/v1/tokens/"


def is_list(operation: Operation) -> bool:
    return (
        operation.method == "get"
        and operation.path.endswith("/")
        and "{" not in operation.path
        and operation.path not in ONE_THING
    )


LISTS = [operation for operation in operations() if is_list(operation)]
every_list = pytest.mark.parametrize("operation", LISTS, ids=str)


@pytest.fixture
def owner(seeded_acme: Seeded, client_of: Any, settings: Any) -> Client:
    settings.API_RATE = "1000000/min"
    client: Client = client_of(seeded_acme.tenant, raise_request_exception=False)
    sign_in(client, SAME_EMAIL, SAME_PASSWORD)
    return client


def test_there_are_lists_to_walk() -> None:
    assert len(LISTS) >= 5


@every_list
def test_a_list_is_read_with_a_cursor(owner: Client, operation: Operation) -> None:
    answer = owner.get(operation.path)
    assert answer.status_code == 200
    assert set(answer.json()) == {"next", "previous", "results"}
    named = {one["name"] for one in documented()["get", operation.path]["parameters"]}
    assert {"cursor", "page_size"} <= named


SIZES = ["0", "-1", "201", "1000000000", "1e2", "x", "", "١٠", "9" * 5000]
CURSORS = ["x", "", "cD0x", "cD1hYmM=", "bz0xMDAwMDAw", "\0", "é", "W10:x", "9" * 5000, "' OR 1=1"]


@every_list
def test_page_sizes_and_cursors_beyond_the_rules_are_refused(
    owner: Client, operation: Operation
) -> None:
    wrong = [("page_size", size) for size in SIZES] + [("cursor", text) for text in CURSORS]
    for name, value in wrong:
        answer = owner.get(operation.path, {name: value})
        assert (answer.status_code, answer.json()["field"]) == (400, name), value
        assert answer["Content-Type"] == "application/problem+json"


@pytest.fixture
def many(owner: Client) -> list[str]:
    """Key ids of 23 tokens, the newest first; several were made in the same instant."""
    user = User.objects.get(email=SAME_EMAIL)
    now = timezone.now()
    for number in range(22):
        token_of(user, at=now + dt.timedelta(seconds=number // 5))
    return list(ApiToken.objects.order_by("-created_at", "-pk").values_list("key_id", flat=True))


def read_all(client: Client, size: int) -> tuple[list[str], str]:
    """Every entry by following `next`, and the last page's address."""
    address, seen = f"{TOKENS}?page_size={size}", []
    while True:
        answer = client.get(address).json()
        seen += [row["key_id"] for row in answer["results"]]
        if answer["next"] is None:
            return seen, address
        address = answer["next"].partition("localhost")[2]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 22, 23, 200])
def test_pages_of_any_size_hold_every_entry_once_and_in_order(
    owner: Client, many: list[str], size: int
) -> None:
    assert read_all(owner, size)[0] == many


def test_previous_leads_back(owner: Client, many: list[str]) -> None:
    _, last = read_all(owner, 5)
    back = owner.get(last).json()["previous"].partition("localhost")[2]
    assert [row["key_id"] for row in owner.get(back).json()["results"]] == many[15:20]


def test_a_cursor_belongs_to_its_own_list(owner: Client, many: list[str]) -> None:
    cursor = (
        owner.get(TOKENS, {"page_size": 1}).json()["next"].partition("cursor=")[2].split("&")[0]
    )
    assert owner.get(f"{TOKENS}?cursor={cursor}").status_code == 200
    for other in LISTS:
        if other.path != TOKENS:
            assert owner.get(f"{other.path}?cursor={cursor}").status_code == 400


def test_entries_that_come_meanwhile_shift_nothing(owner: Client, many: list[str]) -> None:
    first = owner.get(TOKENS, {"page_size": 5}).json()
    ApiToken.objects.filter(key_id__in=many[:3]).delete()
    second = owner.get(first["next"].partition("localhost")[2]).json()
    assert [row["key_id"] for row in second["results"]] == many[5:10]


def odd_parameters() -> list[tuple[str, str]]:
    """A thousand names and values that filters, orders and lookups of careless lists obey."""
    fields = sorted(
        {
            field.name
            for config in apps.get_app_configs()
            if config.name in settings.TENANT_APPS
            for model in config.get_models()
            for field in model._meta.get_fields()
        }
    )
    lookups = ("", "__startswith", "__in", "__regex", "__isnull", "__password__contains")
    pairs = [(f"{field}{lookup}", "a") for field, lookup in itertools.product(fields, lookups)]
    pairs += [("ordering", field) for field in fields] + [("order_by", field) for field in fields]
    pairs += [(name, "OR") for name in ("_connector", "_negated", "query", "extra", "where", "raw")]
    # `format` is the framework's own: it picks the representation, and one there is not is 404.
    return [pair for pair in pairs if pair[0] not in ("of", "limit", "format")]


@every_list
def test_names_that_are_no_parameters_change_nothing(owner: Client, operation: Operation) -> None:
    """Ignored, or refused as a bad request; never an error, never another list."""
    known = {one["name"] for one in documented()["get", operation.path]["parameters"]}
    pairs = [pair for pair in odd_parameters() if pair[0] not in known]
    assert len(pairs) >= 500
    usual = owner.get(operation.path).json()["results"]
    for start in range(0, len(pairs), 40):
        batch = pairs[start : start + 40]
        answer = owner.get(f"{operation.path}?{urlencode(batch)}")
        assert answer.status_code in (200, 400), answer.content
        if answer.status_code == 200:
            assert without_instants(answer.json()["results"]) == without_instants(usual)
        count("odd list parameters", len(batch))


def without_instants(rows: list[dict[str, Any]]) -> str:
    """The rows without what moves by itself: a session is seen with every request."""
    return json.dumps(
        [{k: v for k, v in row.items() if "seen" not in k and "used" not in k} for row in rows]
    )
