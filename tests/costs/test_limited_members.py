"""A limited member at every door: page, CSV, JSON, cookie and token, at every level down."""

import csv
import io
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from costinsights.accounts import members
from costinsights.accounts.models import Role
from costinsights.core.money import amount_text
from costinsights.costs.models import Cluster
from costinsights.opencost.schema import AllocatedCost, RowKind
from tenants.models import Tenant
from tests.costs.limits import keep_rows, limited, signed_in_as
from tests.costs.rows import cost_row, idle_row
from tests.factories.accounts import UserFactory, token_of
from tests.factories.costs import ClusterFactory

API = "/api/v1/costs/current"
DIMENSIONS = (
    "cluster",
    "namespace",
    "controller_kind",
    "controller",
    "pod",
    "container",
    "label:team",
)
NAMES = ("aurora", "borealis", "cascade", "deltawing", "emberfall")
TEAMS = ("redwood", "bluefin", "greylag")


def random_rows(chance: random.Random) -> list[AllocatedCost]:
    """Workloads whose every name tells their namespace, idle cost, and volumes nobody owns."""
    rows = []
    for number in range(40):
        name = chance.choice(NAMES)
        rows.append(
            cost_row(
                namespace=name,
                controller_kind=chance.choice(["deployment", "statefulset", ""]),
                controller=f"{name}-api",
                pod=f"{name}-{number}",
                labels=chance.choice([{}, *({"team": team} for team in TEAMS)]),
                kind=chance.choice([RowKind.WORKLOAD, RowKind.WORKLOAD, RowKind.UNMOUNTED]),
                cpu_cost=chance.randrange(5_000_000),
                ram_cost=chance.randrange(-50_000, 5_000_000),
            )
        )
    nobodys = cost_row(
        kind=RowKind.UNMOUNTED, namespace="", pv_cost=77_000_000, pod="orphan-volume"
    )
    return [*rows, idle_row(cpu_cost=123_456_789), nobodys]


@pytest.fixture
def browser(acme: Tenant, client_of: Callable[..., Client]) -> Client:
    """A browser on acme's host."""
    return client_of(acme)


@pytest.fixture
def pair(acme: Tenant) -> list[Cluster]:
    return [
        ClusterFactory.create(name="One", slug="one"),
        ClusterFactory.create(name="Two", slug="two"),
    ]


@pytest.fixture(params=range(3))
def world(request: pytest.FixtureRequest, pair: list[Cluster]) -> "World":
    return World(random.Random(request.param), pair)


class World:
    """Random rows in two clusters, a member with a random limit, and what they may see."""

    def __init__(self, chance: random.Random, pair: list[Cluster]) -> None:
        namespaces = tuple(chance.sample(NAMES, chance.randrange(3)))
        teams = tuple(chance.sample(TEAMS, chance.randrange(0 if namespaces else 1, 2)))
        self.member = limited(namespaces, tuple(f"team={team}" for team in teams))
        self.seen: list[AllocatedCost] = []
        everything: list[AllocatedCost] = []
        for cluster in pair:
            rows = random_rows(chance)
            keep_rows(cluster, rows)
            everything += rows
            self.seen += [
                row
                for row in rows
                if row.kind != RowKind.IDLE
                and (row.namespace in namespaces or row.labels.get("team") in teams)
            ]
        shown = {row.namespace for row in self.seen} | {row.labels.get("team") for row in self.seen}
        self.hidden = ({*NAMES, *TEAMS} - shown) | {"orphan-volume"}
        self.total = amount_text(sum(row.total for row in self.seen))
        self.whole = sum(row.total for row in everything)

    def check(self, body: str) -> None:
        """No name of a hidden row and no amount that counts one stands in this answer."""
        assert [name for name in self.hidden if name in body] == []
        assert amount_text(self.whole) not in body
        assert "123.456789" not in body


def csv_total(text: str) -> Decimal:
    return sum((Decimal(row["total_cost"]) for row in csv.DictReader(io.StringIO(text))), Decimal())


@pytest.mark.parametrize("idle", ["separate", "share", "hide"])
def test_json_and_csv_hold_the_rows_that_match_and_no_more(
    world: World, browser: Client, idle: str
) -> None:
    client = signed_in_as(browser, world.member)
    for dimension in DIMENSIONS:
        asked = {"aggregate": dimension, "idle": idle, "limit": "1000"}
        answer = client.get(API, asked)
        document = answer.json()
        world.check(answer.content.decode())
        assert document["totals"]["total"] == world.total
        assert sum(Decimal(row["total"]) for row in document["rows"]) == Decimal(world.total)
        assert (document["hidden_idle"], document["kpis"]["idle"]) == (None, None)
        assert document["reconciliation"]["total"] == world.total
        assert sum(source["rows"] for source in document["sources"]) == len(world.seen)
        for path in (API, "/costs.csv"):
            exported = client.get(path, {**asked, "format": "csv"}).content.decode()
            world.check(exported)
            assert csv_total(exported) == Decimal(world.total)


def pages_below(client: Client, url: str, depth: int = 0) -> Iterator[Any]:
    """The overview and every page its lines lead to."""
    answer = client.get(url)
    yield answer
    for line in answer.context.get("lines") or ():
        if line.url and depth < 5:
            yield from pages_below(client, line.url, depth + 1)


def test_every_page_on_the_way_down_adds_up_and_names_nobody_else(
    world: World, browser: Client
) -> None:
    client = signed_in_as(browser, world.member)
    first = None
    for answer in pages_below(client, "/?aggregate=cluster&limit=1000"):
        world.check(answer.content.decode())
        costs = answer.context["costs"]
        first = costs if first is None else first
        if answer.context.get("lines"):
            assert sum(line.total for line in answer.context["lines"]) == costs.totals.total
    assert first is not None
    assert amount_text(first.totals.total) == world.total


def test_asking_for_another_namespace_by_name_finds_nothing(world: World, browser: Client) -> None:
    client = signed_in_as(browser, world.member)
    asked = {"aggregate": "pod", "filter": 'namespace!:"nobody"|label:"team"|pod~:"-"'}
    answer = client.get(API, asked)
    assert answer.json()["totals"]["total"] == world.total
    world.check(answer.content.decode())


def test_a_full_answer_in_the_cache_is_not_the_limited_members(
    world: World, browser: Client, acme: Tenant, client_of: Callable[..., Client]
) -> None:
    boss = signed_in_as(client_of(acme), UserFactory.create(role=Role.OWNER))
    assert boss.get(API).json()["totals"]["total"] == amount_text(world.whole)
    assert signed_in_as(browser, world.member).get(API).json()["totals"]["total"] == world.total
    assert boss.get(API).json()["totals"]["total"] == amount_text(world.whole)


# Effect on the next request ------------------------------------------------------------------------


@pytest.fixture
def two_namespaces(pair: list[Cluster]) -> None:
    keep_rows(
        pair[0],
        [cost_row(cpu_cost=1), cost_row(namespace="web", cpu_cost=10), idle_row(cpu_cost=100)],
    )
    keep_rows(pair[1], [])


def total_of(client: Client, **headers: str) -> Decimal:
    return Decimal(client.get(API, headers=headers).json()["totals"]["total"]) * 1_000_000


def test_a_change_of_limits_counts_from_the_next_request(
    two_namespaces: None, browser: Client, acme: Tenant, client_of: Callable[..., Client]
) -> None:
    member, ada = UserFactory.create(), UserFactory.create(role=Role.OWNER)
    program = client_of(acme)
    bearer = {"Authorization": f"Bearer {token_of(member)}"}
    signed_in_as(browser, member)

    def seen() -> set[Decimal]:
        return {total_of(browser), total_of(program, **bearer)}

    assert seen() == {Decimal(111)}
    for namespaces, total in ((["shop"], 1), (["shop", "web"], 11), (["none"], 0), ([], 111)):
        members.change_member(by=ada, member=member, namespaces=namespaces)
        assert seen() == {Decimal(total)}


def test_the_page_says_what_its_reader_sees(two_namespaces: None, browser: Client) -> None:
    client = signed_in_as(browser, limited(("shop",), ("team=core",)))
    page = client.get("/").content.decode()
    assert "namespace shop or label team=core" in page
    assert "q-idle" not in page
    assert client.get("/api/v1/me").json()["scope_namespaces"] == ["shop"]


def test_somebody_who_sees_no_row_is_told_so(two_namespaces: None, browser: Client) -> None:
    page = signed_in_as(browser, limited(("elsewhere",))).get("/").content.decode()
    assert "Nothing of yours in this window" in page


def test_the_scope_of_a_shared_opencost_is_not_shown_to_the_limited(
    acme: Tenant, browser: Client, client_of: Callable[..., Client]
) -> None:
    ClusterFactory.create(slug="shared", scope_filter='namespace:"secret-project"')
    member, whole = signed_in_as(browser, limited(("shop",))), client_of(acme)
    signed_in_as(whole, UserFactory.create(role=Role.VIEWER))
    for path in ("/clusters/", "/api/v1/clusters/", "/api/v1/clusters/shared/"):
        assert "secret-project" not in member.get(path).content.decode()
        assert "secret-project" in whole.get(path).content.decode()
