"""Members and their tokens, made in whatever tenant the test is in."""

import datetime as dt
import itertools
from collections.abc import Collection

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from factory.django import DjangoModelFactory

from costinsights.accounts import token_services
from costinsights.accounts.models import Role, Scope, User

PASSWORD = "correct-horse-battery"
_numbers = itertools.count(1)


class UserFactory(DjangoModelFactory[User]):
    """An analyst with PASSWORD. `UserFactory(role=Role.OWNER, email=…)` for another."""

    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"member{number}@tenant.test")
    name = factory.Sequence(lambda number: f"Member {number}")
    role = Role.ANALYST
    password = factory.LazyFunction(lambda: make_password(PASSWORD))


def token_of(
    user: User,
    *scopes: Scope,
    at: dt.datetime | None = None,
    lifetime: dt.timedelta = dt.timedelta(days=30),
    name: str = "",
    role_ceiling: str = "",
    networks: Collection[str] = (),
) -> str:
    """The text of a new API token of `user`; read-only unless scopes are given."""
    new = token_services.create_token(
        user=user,
        name=name or f"test {next(_numbers)}",
        role_ceiling=role_ceiling,
        networks=networks,
        scopes=scopes or (Scope.READ,),
        at=at or timezone.now(),
        lifetime=lifetime,
    )
    return new.text
