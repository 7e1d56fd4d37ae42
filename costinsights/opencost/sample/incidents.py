"""The incidents planted in the demo, in one table.

They recur on a calendar (every few months, on a fixed day), so that whatever the date is, each kind
happened lately, while the past never changes: an hour costs the same whenever it is asked for.

| kind | what a person would see |
|---|---|
| spike | one workload costs a multiple for a day or two, then is as before |
| runaway | an autoscaler climbs to its limit within hours and stays there |
| leak | memory grows day by day until somebody restarts the pods |
| shift | requests are raised and stay raised for weeks |
| left_on | an environment that is switched off at night and weekends is not |
| traffic | a misdirected backup pushes traffic out to the internet |
| price | the provider's prices for cores, memory and GPUs change (whole cluster) |
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Incident:
    """One line of the table. It begins in every month with (12 * year + month) % every == phase."""

    kind: str
    cluster: str
    namespace: str  # "" = the whole cluster
    workload: str  # "" = all of the namespace
    every: int
    phase: int
    day: int
    hour: int
    hours: int
    strength: float  # factor at the height of the incident
    story: str


INCIDENTS = (
    Incident("spike", "prod-eu-1", "search", "reindex", 1, 0, 17, 6, 40, 7.0,
             "A full reindex is started by hand and runs for almost two days with 7 times the pods."),
    Incident("runaway", "prod-eu-1", "checkout", "checkout-api", 2, 0, 8, 15, 52, 5.0,
             "A wrong target metric drives checkout-api to its maximum for two days."),
    Incident("runaway", "prod-eu-1", "notifications", "dispatcher", 2, 1, 19, 9, 30, 6.0,
             "A retry storm keeps the dispatcher at its maximum for more than a day."),
    Incident("leak", "prod-eu-1", "recommendations", "feature-cache", 3, 2, 2, 0, 15 * 24, 2.6,
             "A cache without eviction: memory grows 2.6 times in two weeks, then a restart."),
    Incident("shift", "prod-eu-1", "payments", "ledger", 4, 2, 14, 11, 45 * 24, 1.6,
             "Requests of the ledger are raised by 60 % before a campaign and forgotten for 45 days."),
    Incident("traffic", "prod-eu-1", "media", "asset-sync", 3, 1, 23, 20, 28, 14.0,
             "Assets are synchronised to another provider over the internet by mistake."),
    Incident("spike", "prod-eu-1", "ml-training", "recommender-training", 4, 3, 9, 16, 44, 3.0,
             "A hyper-parameter search nobody announced: three times the GPU workers."),
    Incident("price", "prod-eu-1", "", "", 3, 2, 10, 0, 45 * 24, 1.05,
             "A savings plan lapses for 45 days: cores and memory cost 5 % more."),
    Incident("left_on", "staging-us-1", "load-test", "", 2, 1, 13, 20, 62, 1.0,
             "The load-test environment is not switched off over a weekend."),
    Incident("shift", "staging-us-1", "qa-postgres", "postgres", 5, 4, 3, 10, 40 * 24, 1.7,
             "A bigger database instance is left in place after a test of the migration."),
    Incident("spike", "staging-us-1", "ci-runners", "runner", 2, 0, 21, 14, 20, 3.5,
             "A release freeze ends and every pipeline runs at once."),
    Incident("leak", "staging-us-1", "observability", "loki", 4, 3, 6, 0, 10 * 24, 2.4,
             "Debug logging left on fills the memory of the log store."),
    Incident("runaway", "globex-main", "storefront", "web", 3, 2, 11, 18, 44, 4.0,
             "Scrapers keep the storefront at its maximum for almost two days."),
    Incident("shift", "globex-main", "analytics", "clickhouse", 4, 3, 5, 9, 50 * 24, 1.6,
             "The column store gets more memory and keeps it."),
    Incident("spike", "globex-main", "etl", "warehouse-load", 2, 1, 18, 0, 30, 4.0,
             "A backfill of the warehouse."),
    Incident("price", "globex-main", "", "", 6, 4, 1, 0, 60 * 24, 0.96,
             "A committed-use discount applies for two months."),
    Incident("leak", "initech-1", "tps-reports", "renderer", 3, 2, 7, 0, 9 * 24, 2.6,
             "The renderer leaks memory until the weekly maintenance."),
    Incident("spike", "initech-1", "intranet", "wiki", 2, 1, 12, 9, 12, 4.0,
             "A crawler visits the wiki."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One incident at one date, in hours since the epoch."""

    incident: Incident
    start: int
    end: int

    def strength_at(self, hour: int) -> float:
        """The factor at an hour: 1.0 outside; climbs in a runaway, grows steadily in a leak."""
        if not self.start <= hour < self.end:
            return 1.0
        gain = self.incident.strength - 1
        passed = hour - self.start + 1
        if self.incident.kind == "leak":
            return 1 + gain * passed / (self.end - self.start)
        if self.incident.kind == "runaway":
            return 1 + gain * min(1.0, passed / 6)
        return self.incident.strength


def _starts(incident: Incident, near: datetime) -> Iterator[datetime]:
    for back in range(4):
        month_number = near.year * 12 + near.month - 1 - back
        year, month = divmod(month_number, 12)
        if (month_number + 1) % incident.every == incident.phase:
            yield datetime(year, month + 1, incident.day, incident.hour, tzinfo=UTC)


@lru_cache(maxsize=512)
def occurrences(cluster: str, day: int) -> tuple[Occurrence, ...]:
    """The incidents that touch a UTC day (days since the epoch) of a cluster."""
    midnight = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
    found = []
    for incident in INCIDENTS:
        if incident.cluster != cluster:
            continue
        for start in _starts(incident, midnight):
            first = int(start.timestamp()) // 3600
            last = first + incident.hours
            if first < (day + 1) * 24 and last > day * 24:
                found.append(Occurrence(incident, first, last))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Effects:
    """What incidents do to one workload during one day: a factor per hour, and whether it stays on."""

    replicas: list[float]
    requests: list[float]
    memory: list[float]
    traffic: list[float]
    left_on: list[bool]


def effects(cluster: str, namespace: str, workload: str, day: int) -> Effects | None:
    """The effects on a workload on a day; None when nothing happens to it (nearly always)."""
    hits = [
        hit
        for hit in occurrences(cluster, day)
        if hit.incident.namespace == namespace and hit.incident.workload in ("", workload)
    ]
    if not hits:
        return None
    found = Effects([1.0] * 24, [1.0] * 24, [1.0] * 24, [1.0] * 24, [False] * 24)
    for hit in hits:
        for hour in range(24):
            strength = hit.strength_at(day * 24 + hour)
            match hit.incident.kind:
                case "spike" | "runaway":
                    found.replicas[hour] *= strength
                case "shift":
                    found.requests[hour] *= strength
                case "leak":
                    found.memory[hour] *= strength
                case "traffic":
                    found.traffic[hour] *= strength
                case "left_on":
                    inside = hit.start <= day * 24 + hour < hit.end
                    found.left_on[hour] = found.left_on[hour] or inside
    return found


def price_factors(cluster: str, day: int) -> list[float]:
    """The factor on the prices of cores, memory and GPUs for each hour of a day."""
    factors = [1.0] * 24
    for hit in occurrences(cluster, day):
        if hit.incident.kind == "price":
            factors = [f * hit.strength_at(day * 24 + h) for h, f in enumerate(factors)]
    return factors
