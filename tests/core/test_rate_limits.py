"""The sliding window: never more than the limit in any window, whoever asks at the same time."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from redis.exceptions import ConnectionError as RedisDown

from costinsights.core.api.throttling import Rate, Standing, take
from costinsights.core.tenancy import tenant_context
from tenants.models import Tenant

RATE = Rate("test", limit=5, seconds=60)
NOW = 1_790_000_000.25


def allowed(who: str, now: float, rate: Rate = RATE) -> bool:
    standing = take(rate, who, now=now)
    assert standing is not None
    return standing.allowed


def test_the_limit_is_let_in_and_no_more(acme: Tenant) -> None:
    assert [allowed("ada", NOW) for _ in range(7)] == [True] * 5 + [False] * 2
    assert allowed("somebody else", NOW)


def test_what_is_left_counts_down_and_says_when_it_comes_back(acme: Tenant) -> None:
    standings = [take(RATE, "ada", now=NOW + second) for second in (0, 10, 10)]
    assert [(s.remaining, s.reset_seconds) for s in standings if s] == [(4, 61), (3, 51), (2, 51)]


def test_a_refused_request_is_not_counted(acme: Tenant) -> None:
    for second in range(60):
        allowed("ada", NOW + second)
    assert not allowed("ada", NOW + 60)
    assert allowed("ada", NOW + 61)


def test_after_retry_after_it_works(acme: Tenant) -> None:
    chance = random.Random(20261123)
    now = NOW
    for _ in range(200):
        now += chance.random() * 20
        standing = take(RATE, "ada", now=now)
        assert standing is not None
        if not standing.allowed:
            now += standing.reset_seconds
            assert allowed("ada", now)


def test_no_window_ever_holds_more_than_the_limit(acme: Tenant) -> None:
    chance = random.Random(7)
    now, let_in = NOW, []
    for _ in range(1500):
        now += chance.expovariate(1 / 4)
        if allowed("ada", now):
            let_in.append(now)
    windows = [sum(start <= at < start + 60 for at in let_in) for start in let_in]
    assert max(windows) == RATE.limit


def test_thirty_two_threads_get_the_limit_between_them(acme: Tenant) -> None:
    rate = Rate("test", limit=100, seconds=3600)

    def hammer(_: int) -> int:
        with tenant_context(acme):
            got = sum(allowed("ada", NOW, rate) for _ in range(10))
        connection.close()
        return got

    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(hammer, range(32))) == 100


def test_a_clock_that_runs_behind_frees_nothing(acme: Tenant) -> None:
    for _ in range(5):
        allowed("ada", NOW)
    assert not allowed("ada", NOW - 30)


def test_counters_are_the_tenants_own_and_go_by_themselves(acme: Tenant, globex: Tenant) -> None:
    for _ in range(5):
        allowed("ada", NOW)
    with tenant_context(globex):
        assert allowed("ada", NOW)
    client = cache._cache.get_client()  # type: ignore[attr-defined]  # Django's Redis backend
    keys = sorted(client.keys("*rate:test*"))
    assert [key.decode().split(":")[:2] for key in keys] == [
        ["t", str(tenant.pk)] for tenant in sorted((acme, globex), key=lambda one: str(one.pk))
    ]
    assert all(0 < client.ttl(key) <= 62 for key in keys)


def test_without_redis_requests_go_on_uncounted(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> Standing:
        raise RedisDown("nobody there")

    monkeypatch.setattr(type(cache._cache.get_client()), "eval", down)  # type: ignore[attr-defined]  # Redis
    assert take(RATE, "ada", now=NOW) is None


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("600/min", Rate("api", 600, 60)),
        ("5/s", Rate("api", 5, 1)),
        ("1000/hour", Rate("api", 1000, 3600)),
        ("9 / day", Rate("api", 9, 86_400)),
    ],
)
def test_a_rate_is_read(text: str, rate: Rate) -> None:
    assert Rate.parse("api", text) == rate


@pytest.mark.parametrize("text", ["", "600", "600/fortnight", "0/min", "-1/min", "x/min", "/min"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        Rate.parse("api", text)
