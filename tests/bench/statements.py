"""Statements of a month: 10,000 workloads over 200 cost centres, in CPU time of Python.

    .venv/bin/python -m tests.bench.statements [workloads] [centres] [--profile]

200 mapping rules (half by label, half by namespace, and a last one for a tenth of it by percent), idle of four clusters
in proportion to cost, shared namespaces by memory, unmounted volumes evenly, overhead by CPU and a fixed amount. The
reference in the same run is one plain pass that adds the same facts up by cost centre. Five runs, medians. The garbage
collector is off in both, so that what else lives in the process is not measured.
"""

import cProfile
import datetime as dt
import gc
import pstats
import statistics
import sys
import time
from collections.abc import Callable
from random import Random

import tests.environment  # noqa: F401  # before Django: filters need its settings
from costinsights.opencost.filters import parse_filter
from reporting.allocation.engine import allocate, combine
from reporting.allocation.reconciling import FactTotals, reconcile
from reporting.allocation.rounding import round_lines
from reporting.allocation.types import (
    COMPONENTS,
    USAGE,
    Center,
    CostFact,
    Driver,
    FactKind,
    MappingRule,
    PoolSource,
    RateLine,
    ShareMethod,
    ShareRule,
    Stretch,
)

MONTH = Stretch(dt.date(2026, 9, 1), dt.date(2026, 10, 1))
CLUSTERS = ("prod-eu", "prod-us", "stage", "dev")
WHOLE = 1_000_000


def facts_of(workloads: int, centers: int) -> list[CostFact]:
    """Each workload in one of the namespaces, with a team's label on every second namespace."""
    chance = Random(7)  # the same data every time
    # As read from history: workloads with the same labels share them.
    labels = [{"team": f"team-{number}", "app": f"app-{number % 17}"} for number in range(centers)]
    facts = []
    for number in range(workloads):
        team = number % centers
        cost = chance.randrange(1_000, 900_000_000)
        facts.append(
            CostFact(
                kind=FactKind.WORKLOAD,
                cluster=CLUSTERS[number % 4],
                opencost_cluster=CLUSTERS[number % 4],
                namespace="shared-tools" if number % 50 == 49 else f"namespace-{team}",
                controller_kind=("deployment", "statefulset", "daemonset")[number % 3],
                controller=f"workload-{number}",
                labels=labels[team] if team % 2 else {},
                costs=(cost, cost // 3, 0, cost // 7, cost // 90, 0, 0, 0),
                usage=tuple(cost // (place + 2) for place in range(len(USAGE))),
                snapshot="30 days r1",
            )
        )
    for cluster in CLUSTERS:
        for kind in (FactKind.IDLE, FactKind.UNMOUNTED, FactKind.OVERHEAD):
            cost = chance.randrange(10**12)
            costs = (cost, cost // 4, *(0,) * (len(COMPONENTS) - 2))
            facts.append(CostFact(kind=kind, cluster=cluster, costs=costs, snapshot="30 days r1"))
    return facts


def mapping_of(centers: int) -> list[MappingRule]:
    rules = []
    for number in range(centers):
        asked = f'label[team]:"team-{number}"' if number % 2 else f'namespace:"namespace-{number}"'
        codes: tuple[tuple[str, int], ...] = ((f"CC{number:03}", WHOLE),)
        if number % 10 == 0:
            codes = ((f"CC{number:03}", 600_000), (f"CC{(number + 1) % centers:03}", 400_000))
        rules.append(MappingRule(number + 1, f"rule {number}", parse_filter(asked), codes))
    return rules


def shares() -> list[ShareRule]:
    by, even = ShareMethod.PROPORTIONAL, ShareMethod.EVEN
    tools = parse_filter('namespace:"shared-tools"')
    return [
        ShareRule(1, "Tools", PoolSource.FILTER, by, tools, Driver.RAM_REQUESTED),
        ShareRule(2, "Idle", PoolSource.IDLE, by, None, Driver.COST, by_cluster=True),
        ShareRule(3, "Unmounted", PoolSource.UNMOUNTED, even),
        ShareRule(4, "Overhead", PoolSource.OVERHEAD, by, None, Driver.CPU_COST, by_cluster=True),
        ShareRule(5, "Licences", PoolSource.FIXED, even, amount=10**12),
    ]


def plain_pass(facts: list[CostFact], center_of: dict[str, str]) -> dict[str, list[int]]:
    """The least that one could do: add the same eight amounts up by cost centre."""
    sums: dict[str, list[int]] = {}
    for fact in facts:
        own = sums.setdefault(center_of.get(fact.namespace, ""), [0] * len(COMPONENTS))
        for place, cost in enumerate(fact.costs):
            own[place] += cost
    return sums


def cpu_ms(work: Callable[[], object], repetitions: int = 5) -> float:
    spent = []
    for _ in range(repetitions):
        begun = time.process_time()
        work()
        spent.append((time.process_time() - begun) * 1_000)
    return statistics.median(spent)


def main(workloads: int, centers: int, profile: bool) -> None:
    facts, mapping, pools = facts_of(workloads, centers), mapping_of(centers), shares()
    codes = [Center(f"CC{number:03}", f"Centre {number}") for number in range(centers)]
    rates = [RateLine("", "", 5_000_000), RateLine("cpu", "CC001", -10_000_000)]
    center_of = {f"namespace-{number}": f"CC{number:03}" for number in range(centers)}

    def allocation() -> object:
        return allocate(MONTH, facts, centers=codes, mapping=mapping, shares=pools, rates=rates)

    answer = allocate(MONTH, facts, centers=codes, mapping=mapping, shares=pools, rates=rates)
    rounded = round_lines(combine([answer]), 2)
    totals = FactTotals()
    totals.add(facts, pools)
    block = reconcile(totals, [answer], rounded)

    def reconciliation() -> object:
        own = FactTotals()
        own.add(facts, pools)
        return reconcile(own, [answer], rounded)

    say(f"{len(facts):,} facts, {len(mapping)} mapping rules, {len(pools)} share rules")
    say(
        f"{len(answer.lines):,} lines, {len(rounded.statements)} statements, {len(answer.pools)} pools"
    )
    say(f"difference {block.difference}")
    gc.collect()
    gc.disable()
    reference = cpu_ms(lambda: plain_pass(facts, center_of))
    say(f"{'a plain pass by cost centre':34} {reference:8.1f} ms")
    parts = {
        "allocate": cpu_ms(allocation),
        "combine and round to cents": cpu_ms(lambda: round_lines(combine([answer]), 2)),
        "reconcile": cpu_ms(reconciliation),
    }
    for name, spent in {**parts, "together": sum(parts.values())}.items():
        say(f"{name:34} {spent:8.1f} ms {spent / reference:6.1f} x the plain pass")
    gc.enable()
    if profile:
        profiler = cProfile.Profile()
        profiler.runcall(allocation)
        pstats.Stats(profiler, stream=sys.stdout).sort_stats("tottime").print_stats(18)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:] if argument.isdigit()] or [10_000, 200]
    main(given[0], given[1], profile="--profile" in sys.argv)
