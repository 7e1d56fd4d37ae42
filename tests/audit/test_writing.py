"""Whoever changes a row and however: the change is in the log, with what was and what became."""

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from costinsights.accounts.models import ApiToken, User, Workspace
from costinsights.core.audit import record_event
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.audit.conftest import entries
from tests.factories.accounts import UserFactory, token_of


def test_a_new_row_is_logged_with_what_it_holds(acme: Tenant) -> None:
    member = UserFactory.create(email="ada@acme.test", role="analyst")
    (entry,) = entries()
    assert (entry.action, entry.object_type) == ("row.inserted", "accounts_user")
    assert (entry.object_id, entry.object_label) == (str(member.pk), "ada@acme.test")
    assert entry.before is None
    assert entry.after["role"] == "analyst"


def test_a_change_is_logged_with_the_changed_columns_only(acme: Tenant) -> None:
    member = UserFactory.create(name="Ada", role="viewer")
    member.role = "analyst"
    member.save()
    (entry,) = entries(action="row.updated")
    assert (entry.before, entry.after) == ({"role": "viewer"}, {"role": "analyst"})


def test_a_removed_row_is_logged_with_what_it_held(acme: Tenant) -> None:
    UserFactory.create(email="bob@acme.test").delete()
    (entry,) = entries(action="row.deleted")
    assert entry.before["email"] == "bob@acme.test"
    assert entry.after is None


def test_rows_removed_along_with_another_are_logged_each(acme: Tenant) -> None:
    member = UserFactory.create()
    token_of(member)
    member.delete()
    removed = {entry.object_type for entry in entries(action="row.deleted")}
    assert removed == {"accounts_user", "accounts_apitoken"}


def test_a_change_of_many_rows_at_once_is_logged_row_by_row(acme: Tenant) -> None:
    UserFactory.create_batch(3, role="viewer")
    User.objects.update(role="analyst")
    assert [entry.after for entry in entries(action="row.updated")] == [{"role": "analyst"}] * 3


def test_bulk_create_and_bulk_update_are_logged(acme: Tenant) -> None:
    made = User.objects.bulk_create([User(email=f"m{n}@acme.test") for n in range(3)])
    for member in made:
        member.name = "Somebody"
    User.objects.bulk_update(made, ["name"])
    assert len(entries(action="row.inserted")) == 3
    assert len(entries(action="row.updated", after={"name": "Somebody"})) == 3


def test_raw_sql_is_logged(acme: Tenant) -> None:
    UserFactory.create(name="Ada")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET name = 'Eve'")
    (entry,) = entries(action="row.updated")
    assert (entry.before, entry.after) == ({"name": "Ada"}, {"name": "Eve"})


def test_copy_is_logged(acme: Tenant) -> None:
    statement = "COPY costs_exchangerate (currency, to_currency, valid_from, rate, source, updated_at) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write_row(("EUR", "USD", "2026-01-01", "1.1", "", "2026-01-01"))
        copy.write_row(("GBP", "USD", "2026-01-01", "1.3", "", "2026-01-01"))
    assert len(entries(object_type="costs_exchangerate")) == 2


def test_columns_that_only_tell_of_use_leave_no_entry(acme: Tenant) -> None:
    token_of(UserFactory.create())
    before = len(entries())
    ApiToken.objects.update(last_used_ip="192.0.2.7")
    assert len(entries()) == before


def test_a_password_is_known_to_have_changed_and_never_shown(acme: Tenant) -> None:
    member = UserFactory.create()
    member.set_password("correct horse battery staple")
    member.save()
    (entry,) = entries(action="row.updated")
    assert (entry.before, entry.after, entry.details) == ({}, {}, {"withheld": ["password"]})


def test_a_picture_is_known_to_have_changed_and_not_kept(acme: Tenant) -> None:
    Workspace.objects.create(logo=b"\x89PNG" * 1000)
    (entry,) = entries()
    assert entry.details == {"withheld": ["logo"]}
    assert "logo" not in entry.after


def test_what_is_rolled_back_is_not_in_the_log(acme: Tenant) -> None:
    with transaction.atomic():
        UserFactory.create()
        transaction.set_rollback(True)
    assert entries() == []


def test_an_event_is_logged_with_its_details(acme: Tenant) -> None:
    record_event("sign_in.failed", target="ada@acme.test", details={"reason": "wrong password"})
    (entry,) = entries()
    assert (entry.action, entry.object_type) == ("sign_in.failed", "sign_in")
    assert (entry.object_label, entry.details) == ("ada@acme.test", {"reason": "wrong password"})


def test_texts_that_postgres_refuses_are_logged_without_what_it_refuses(acme: Tenant) -> None:
    record_event(
        "sign_in.failed", target="a\x00b\ud800", details={"x\x00": ["\x00", {"y": "\ud800"}]}
    )
    (entry,) = entries()
    assert entry.object_label == "a b?"
    assert entry.details == {"x ": [" ", {"y": "?"}]}


@pytest.mark.parametrize(
    "action", ["row.inserted", "row.anything", "signin", "Sign.in", "a.b.c", ""]
)
def test_an_event_cannot_pose_as_a_change_of_a_row(acme: Tenant, action: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        record_event(action)
    assert entries() == []


def test_a_clusters_credentials_are_never_in_the_log(acme: Tenant) -> None:
    cluster = Cluster.objects.create(
        name="Prod", slug="prod", opencost_url="https://x.test", currency="USD", auth_kind="bearer"
    )
    cluster.seal_secret("the-token")
    cluster.save()
    entry = entries()[-1]
    assert entry.details == {"withheld": ["sealed_secret"]}
    assert cluster.sealed_secret not in str([found.__dict__ for found in entries()])
