"""Several answers at once, on real connections."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone

from costinsights.accounts.models import ExternalIdentity, IdentityProvider, User
from costinsights.accounts.single_sign_on.claims import Person
from costinsights.accounts.single_sign_on.members import sign_in_person
from costinsights.core.tenancy import tenant_context
from tenants.models import Tenant

ADA = Person(
    subject="subject-1",
    email="ada@people.test",
    email_is_verified=True,
    name="Ada",
    groups=frozenset(),
    had_second_factor=False,
)


@pytest.mark.django_db(transaction=True)
def test_the_first_sign_ins_of_one_person_side_by_side_make_one_member(acme: Tenant) -> None:
    provider = IdentityProvider.objects.create(
        name="Keycloak",
        slug="keycloak",
        issuer="https://login.test",
        client_id="x",
        creates_members=True,
        allowed_email_domains=["people.test"],
        default_role="viewer",
    )

    def arrive(_: int) -> int:
        try:
            with tenant_context(acme):
                return sign_in_person(provider, ADA, at=timezone.now()).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        members = set(threads.map(arrive, range(8)))
    assert members == {User.objects.get().pk}
    assert ExternalIdentity.objects.count() == 1
