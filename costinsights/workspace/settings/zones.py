"""Time zones that instants can be shown in. Days and hours of costs stay UTC everywhere."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)
UTC = "UTC"


@cache
def zone_names() -> tuple[str, ...]:
    """UTC, then every place of the time zone database in alphabetical order."""
    places = (name for name in available_timezones() if name.partition("/")[0] in REGIONS)
    return (UTC, *sorted(name for name in places if "/" in name))


def zone_choices() -> list[tuple[str, str | list[tuple[str, str]]]]:
    """Options of a select, grouped by region."""
    groups: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    for name in zone_names()[1:]:
        region, _, place = name.partition("/")
        groups[region].append((name, place.replace("_", " ").replace("/", " / ")))
    return [(UTC, UTC), *groups.items()]


def zone_of(name: str) -> ZoneInfo:
    """The zone of a stored name; UTC for one that this machine's database does not have."""
    return ZoneInfo(name if name in zone_names() else UTC)
