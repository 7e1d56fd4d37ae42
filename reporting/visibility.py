"""Who sees which statements.

Analysts, admins and owners prepare them and see all. A viewer sees those of the cost centres that are theirs: as owner
or reader, with everything below. Members who are limited to some namespaces are held like viewers whatever their
role: a statement's total tells more than their limit allows.
"""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from costinsights.accounts.models import Role, User
from costinsights.core.errors import NotFound
from reporting.allocation.types import Bucket
from reporting.models import CostCenter, Statement


def sees_all(member: User) -> bool:
    """Whether everything about statements, rules and months is open to this member."""
    return member.has_role(Role.ANALYST) and not member.is_limited


def codes_of(member: User) -> list[str]:
    """The cost centres of a member who does not see all, with all below them."""
    own = set(
        CostCenter.objects.filter(Q(owner=member) | Q(readers=member)).values_list("pk", flat=True)
    )
    return codes_below(own)


def codes_below(own: set[int]) -> list[str]:
    """The codes of these cost centres and of all below them."""
    if not own:
        return []
    rows = list(CostCenter.objects.values_list("pk", "parent_id", "code"))
    parents: dict[int, int | None] = {pk: above for pk, above, _ in rows}
    return sorted(code for pk, _, code in rows if _is_below(pk, own, parents))


def _is_below(pk: int, own: Iterable[int], parents: dict[int, int | None]) -> bool:
    seen: set[int] = set()
    at: int | None = pk
    while at is not None and at not in seen:
        if at in own:
            return True
        seen.add(at)
        at = parents.get(at)
    return False


def visible_statements(member: User) -> QuerySet[Statement]:
    """Closed ones for everybody who may see the cost centre; preliminary and central ones for those who see all."""
    if sees_all(member):
        return Statement.objects.all()
    return Statement.objects.filter(bucket=Bucket.CENTER, revision__gt=0, code__in=codes_of(member))


def statement_for(member: User, pk: int) -> Statement:
    """Raises NotFound, for another's as for one that is not there."""
    found = visible_statements(member).select_related("period").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such statement.")
    return found
