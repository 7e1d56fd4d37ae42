"""The notes beside an answer."""

from costinsights.accounts.models import User
from costinsights.core.periods import DAY, ChargePeriod
from costinsights.costs.annotations.models import Annotation
from costinsights.costs.current.drill import branches_of
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.parameters import parse_filter_text

# More than these no chart can show; the newest are kept.
MOST_NOTES = 50


def annotations_in(period: ChargePeriod, member: User) -> list[Annotation]:
    """What the member may read of these days, oldest first; the newest where there are very many."""
    last = (period.end - DAY / 24).date()
    found = (
        Annotation.objects.visible_to(member)
        .filter(first_day__lte=last, last_day__gte=period.start.date())
        .select_related("cluster", "author")
        .order_by("-first_day", "-pk")[:MOST_NOTES]
    )
    return list(found)[::-1]


def is_about(annotation: Annotation, query: HistoryQuery) -> bool:
    """Whether a note belongs beside this question: it is about all costs, or the question looks at its part.

    A question for everything shows every note. One that is narrowed shows the notes whose cluster is among its own
    and whose conditions are all among its own.
    """
    if annotation.cluster and query.clusters and annotation.cluster.slug not in query.clusters:
        return False
    if not annotation.filter_text or query.filter is None:
        return True
    own = branches_of(query.filter)
    return all(part in own for part in branches_of(parse_filter_text(annotation.filter_text)))
