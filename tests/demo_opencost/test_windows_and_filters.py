"""The window parameter as OpenCost reads it, and the filter language."""

from datetime import UTC, datetime

import pytest

from costinsights.opencost.sample.filtering import FilterError, parse
from costinsights.opencost.sample.query import WindowError, parse_window
from tests.demo_opencost.asking import MONDAY, NOW, rows, sets, total


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("today", "2026-11-20T00:00", "2026-11-21T00:00"),
        ("yesterday", "2026-11-19T00:00", "2026-11-20T00:00"),
        ("week", "2026-11-15T00:00", "2026-11-20T14:23:40"),
        ("lastweek", "2026-11-08T00:00", "2026-11-15T00:00"),
        ("month", "2026-11-01T00:00", "2026-11-20T14:23:40"),
        ("lastmonth", "2026-10-01T00:00", "2026-11-01T00:00"),
        ("24h", "2026-11-19T15:00", "2026-11-20T15:00"),
        ("90m", "2026-11-20T12:54", "2026-11-20T14:24"),
        ("7d", "2026-11-14T00:00", "2026-11-21T00:00"),
        ("1w", "2026-11-14T00:00", "2026-11-21T00:00"),
        ("1h offset 1d", "2026-11-19T13:23:40", "2026-11-19T14:23:40"),
        ("1d offset 1w", "2026-06-04T14:23:40", "2026-06-05T14:23:40"),
        ("1761436800,1761523200", "2025-10-26T00:00", "2025-10-27T00:00"),
        ("1761436800-1761523200", "2025-10-26T00:00", "2025-10-27T00:00"),
        ("2026-10-01T00:00:00Z,2026-10-02T00:00:00Z", "2026-10-01T00:00", "2026-10-02T00:00"),
        ("2026-13-01T00:00:00Z,2026-10-02T00:00:00Z", "0001-01-01T00:00", "2026-10-02T00:00"),
    ],
)
def test_windows_are_read_as_opencost_reads_them(text: str, start: str, end: str) -> None:
    window = parse_window(text, now=NOW)

    assert window.start == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert window.end == datetime.fromisoformat(end).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "24hours", "2d,1d", "2026-10-01T00:00:00+02:00,2026-10-02T00:00:00+02:00", "🙂"]
)
def test_other_windows_are_refused(text: str) -> None:
    with pytest.raises(WindowError):
        parse_window(text, now=NOW)


@pytest.mark.parametrize(
    ("filter_text", "namespaces"),
    [
        ('namespace:"vault"', {"vault"}),
        ('namespace:"vault","loyalty"', {"vault", "loyalty"}),
        ('namespace<~:"ml-"', {"ml-training", "ml-serving"}),
        ('namespace~>:"-nginx"', {"ingress-nginx"}),
        ('namespace~:"eval"', set()),
        ('label[team]:"ml-platform"+namespace!:"recommendations"', {"ml-training", "ml-serving"}),
        (
            '(namespace:"vault"|namespace:"loyalty")+controllerKind:"statefulset"',
            {"vault", "loyalty"},
        ),
        ('namespace:"vault" namespace:"loyalty"', {"vault"}),
        ('services:"kube-dns"', {"kube-system"}),
        ('label:"nvidia_com_gpu_product"+namespace<~:"ml-"', {"ml-training", "ml-serving"}),
        ('controllerKind:"__unallocated__"+namespace:"legacy-erp"', {"legacy-erp"}),
        ('team:"payments"', set()),
        ('annotation[prometheus.io/scrape]:"true"+namespace:"vault"', {"vault"}),
    ],
)
def test_filters_keep_the_rows_they_describe(filter_text: str, namespaces: set[str]) -> None:
    found = sets(window=MONDAY, aggregate="namespace", filter=filter_text)

    assert {name for one in found for name in one} == namespaces


def test_a_filter_on_a_namespace_drops_idle() -> None:
    found = rows(
        window=MONDAY, aggregate="namespace", includeIdle="true", filter='namespace!:"vault"'
    )
    only = rows(
        window=MONDAY, aggregate="namespace", includeIdle="true", filter='cluster:"prod-eu-1"'
    )

    assert "vault" not in found
    assert "__idle__" in only
    assert "__idle__" not in rows(
        window=MONDAY, aggregate="namespace", includeIdle="true", filter='namespace:"vault"'
    )


def test_a_filter_and_its_negation_split_the_cluster() -> None:
    query = {"window": MONDAY, "aggregate": "namespace"}
    whole = total(rows(**query))
    parts = [total(rows(**query, filter=f'label[team]{op}"payments"')) for op in (":", "!:")]

    assert sum(parts) == pytest.approx(whole, abs=1e-3)


def test_sets_that_a_filter_empties_are_left_out() -> None:
    window = "2026-10-15T00:00:00Z,2026-10-19T00:00:00Z"
    found = sets(
        window=window, step="1d", aggregate="namespace", filter='namespace:"campaign-2026-q4"'
    )

    assert [one["campaign-2026-q4"]["window"]["start"][:10] for one in found] == [
        "2026-10-17",
        "2026-10-18",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "namespace",
        "namespace:vault",
        'nmespace:"x"',
        'namespace:"a"+namespace:"b"|namespace:"c"',
        '(namespace:"a"',
        'namespace:"a")',
        'namespace:"a",',
        'providerID:"x"',
    ],
)
def test_broken_filters_say_where(text: str) -> None:
    with pytest.raises(FilterError, match="at position"):
        parse(text)
