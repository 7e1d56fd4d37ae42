"""The chain holds under load, and every way of tampering with it is found and named."""

import threading
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from psycopg import Connection

from costinsights.accounts.models import AuditEntry, AuditHead, User
from costinsights.core.actor import Actor, ActorKind, acting_as
from costinsights.core.audit_chain import Verdict, entry_hash, verify
from costinsights.core.audit_sql import HASHED, PLATFORM_LOG
from costinsights.core.tenancy import public_context, tenant_context
from costinsights.workspace.audit.checks import check_current_tenant, check_platform, verify_tenant
from tenants.models import PlatformAuditEntry, Tenant
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
Check = Callable[[], Verdict]

ONE = "sequence = 5"
# What an administrator does with every trigger asleep, and how the check puts it.
TAMPERING = {
    "changes a label": (
        f"UPDATE accounts_auditentry SET actor_label = 'nobody' WHERE {ONE}",
        "Entry 5 was changed",
    ),
    "changes an address": (
        f"UPDATE accounts_auditentry SET actor_ip = '192.0.2.9' WHERE {ONE}",
        "Entry 5 was changed",
    ),
    "changes the time": (
        f"UPDATE accounts_auditentry SET at = at + interval '1 microsecond' WHERE {ONE}",
        "Entry 5 was changed",
    ),
    "changes what was": (
        f"""UPDATE accounts_auditentry SET after = after || '{{"role": "viewer"}}' WHERE {ONE}""",
        "Entry 5 was changed",
    ),
    "empties what became": (
        f"UPDATE accounts_auditentry SET after = NULL WHERE {ONE}",
        "Entry 5 was changed",
    ),
    "changes a hash": (
        f"UPDATE accounts_auditentry SET hash = repeat('a', 64) WHERE {ONE}",
        "Entry 5 was changed",
    ),
    "changes a previous hash": (
        f"UPDATE accounts_auditentry SET prev_hash = repeat('a', 64) WHERE {ONE}",
        "Entry 5 does not follow entry 4",
    ),
    "moves text from one field to the next": (
        "UPDATE accounts_auditentry SET object_type = object_type || 'x', action = left(action, 4) "
        f"WHERE {ONE}",
        "Entry 5 was changed",
    ),
    "removes one": (f"DELETE FROM accounts_auditentry WHERE {ONE}", "Entry 5 is missing"),
    "removes the first": (
        "DELETE FROM accounts_auditentry WHERE sequence = 1",
        "Entry 1 is missing",
    ),
    "removes the last": (
        "DELETE FROM accounts_auditentry WHERE sequence > 7",
        "Entries 8 to 9 are missing at the end",
    ),
    "removes all": ("DELETE FROM accounts_auditentry", "Entries 1 to 9 are missing at the end"),
    "removes one and closes the gap": (
        f"DELETE FROM accounts_auditentry WHERE {ONE}; "
        "UPDATE accounts_auditentry SET sequence = sequence - 1 WHERE sequence > 5",
        "Entry 5 does not follow entry 4",
    ),
    "swaps two": (
        "UPDATE accounts_auditentry SET sequence = -1 WHERE sequence = 5; "
        "UPDATE accounts_auditentry SET sequence = 5 WHERE sequence = 6; "
        "UPDATE accounts_auditentry SET sequence = 6 WHERE sequence = -1",
        "Entry 5 does not follow entry 4",
    ),
    "takes one out of the chain": (
        "UPDATE accounts_auditentry SET sequence = -1 WHERE sequence = 9",
        "Entries 9 to 9 are missing at the end",
    ),
    "adds one that was never sealed": (
        "CREATE TEMP TABLE one AS SELECT * FROM accounts_auditentry WHERE sequence = 9; "
        "UPDATE one SET id = 100, sequence = NULL, transaction_id = 1; "
        "INSERT INTO accounts_auditentry SELECT * FROM one",
        "The entry with id 100 was written past the chain",
    ),
    "adds one at the end": (
        "CREATE TEMP TABLE one AS SELECT * FROM accounts_auditentry WHERE sequence = 9; "
        "UPDATE one SET id = 100, sequence = 10; "
        "INSERT INTO accounts_auditentry SELECT * FROM one",
        "Entry 10 does not follow entry 9",
    ),
    "adds one before the beginning": (
        "CREATE TEMP TABLE one AS SELECT * FROM accounts_auditentry WHERE sequence = 9; "
        "UPDATE one SET id = 100, sequence = 0; "
        "INSERT INTO accounts_auditentry SELECT * FROM one",
        "10 entries stand there where 9 were sealed",
    ),
    "turns the end back": (
        "UPDATE accounts_audithead SET sequence = 7, hash = (SELECT hash FROM accounts_auditentry "
        "WHERE sequence = 7)",
        "Entry 8 was added past the end",
    ),
    "changes the end": (
        "UPDATE accounts_audithead SET hash = repeat('0', 64)",
        "Entry 9 is not the one",
    ),
    "removes the end": ("DELETE FROM accounts_audithead", "end of the chain is missing"),
}


@pytest.fixture
def nine_entries(acme: Tenant) -> None:
    for number in range(9):
        UserFactory.create(email=f"m{number}@acme.test", role="analyst")


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_found_and_named(
    acme: Tenant, nine_entries: None, administrator: "Connection[Any]", verdict: Check, how: str
) -> None:
    assert verdict() == Verdict(9, AuditHead.objects.get().hash)
    statements, problem = TAMPERING[how]
    for statement in statements.split("; "):
        administrator.execute(statement)
    assert problem in verdict().problem


def test_an_entry_whose_hash_is_computed_again_breaks_the_next(
    acme: Tenant, nine_entries: None, administrator: "Connection[Any]", verdict: Check
) -> None:
    administrator.execute(
        "UPDATE accounts_auditentry SET actor_label = 'nobody' WHERE sequence = 5"
    )
    rehash(administrator, first=5, last=5)
    assert verdict().problem == "Entry 6 does not follow entry 5."


def test_a_chain_written_anew_to_its_end_is_another_than_the_platform_noted(
    acme: Tenant, nine_entries: None, administrator: "Connection[Any]", verdict: Check
) -> None:
    check_current_tenant()
    administrator.execute(
        "UPDATE accounts_auditentry SET actor_label = 'nobody' WHERE sequence = 5"
    )
    rehash(administrator, first=5, last=9)
    assert verdict().holds
    assert "Entry 9 is another than the platform noted on" in verify_tenant(acme).problem


def test_a_chain_cut_off_along_with_its_end_is_missing_what_the_platform_noted(
    acme: Tenant, nine_entries: None, administrator: "Connection[Any]", verdict: Check
) -> None:
    check_current_tenant()
    administrator.execute("DELETE FROM accounts_auditentry WHERE sequence > 7")
    rehash(administrator, first=7, last=7)
    assert verdict().holds
    assert "Entry 9, which the platform noted on" in verify_tenant(acme).problem


def test_a_log_emptied_along_with_its_end_stays_found_when_writing_goes_on(
    acme: Tenant, nine_entries: None, administrator: "Connection[Any]", verdict: Check
) -> None:
    administrator.execute("DELETE FROM accounts_audithead")
    UserFactory.create()
    assert verdict().problem == "Entry 10 is missing."


def rehash(administrator: "Connection[Any]", first: int, last: int) -> None:
    """What somebody does who knows how: new hashes from `first` on, and a head that fits."""
    for sequence in range(first, last + 1):
        (previous,) = administrator.execute(
            "SELECT coalesce(max(hash), repeat('0', 64)) FROM accounts_auditentry WHERE sequence = %s",
            [sequence - 1],
        ).fetchone() or ("",)
        row = administrator.execute(
            f"SELECT {', '.join(HASHED)} FROM accounts_auditentry WHERE sequence = %s",
            [sequence],
        ).fetchone()
        administrator.execute(
            "UPDATE accounts_auditentry SET prev_hash = %s, hash = %s WHERE sequence = %s",
            [previous, entry_hash(previous, row or ()), sequence],
        )
    administrator.execute(
        "UPDATE accounts_audithead SET (sequence, hash) = "
        "(SELECT sequence, hash FROM accounts_auditentry WHERE sequence = %s)",
        [last],
    )


def test_writers_beside_each_other_lose_nothing_and_leave_one_chain(
    acme: Tenant, verdict: Check
) -> None:
    def write(number: int) -> None:
        actor = Actor(ActorKind.MEMBER, identifier=str(number), label=f"writer {number}")
        try:
            with acting_as(actor), tenant_context(acme):
                for turn in range(10):
                    with transaction.atomic():
                        user = User.objects.create(email=f"w{number}-{turn}@acme.test")
                        User.objects.filter(pk=user.pk).update(name="x")
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdict() == Verdict(320, AuditHead.objects.get().hash)
    for number in range(16):
        assert AuditEntry.objects.filter(actor_identifier=str(number)).count() == 20


def test_a_writer_does_not_wait_for_another_that_has_not_committed(acme: Tenant) -> None:
    def write() -> None:
        try:
            with tenant_context(acme):
                User.objects.create(email="quick@acme.test")
        finally:
            connection.close()

    with transaction.atomic():
        User.objects.create(email="slow@acme.test")
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    labels = list(AuditEntry.objects.order_by("sequence").values_list("object_label", flat=True))
    assert labels == ["quick@acme.test", "slow@acme.test"]


def test_an_entry_is_being_sealed_until_its_transaction_commits(
    acme: Tenant, verdict: Check
) -> None:
    with transaction.atomic():
        UserFactory.create()
        assert AuditEntry.objects.get().sequence is None
        assert verdict().holds
    assert AuditEntry.objects.get().sequence == 1


def test_the_daily_check_notes_the_end_for_the_page_and_for_the_platform(
    acme: Tenant, nine_entries: None
) -> None:
    check_current_tenant()
    check_current_tenant()
    head = AuditHead.objects.get()
    assert (head.checked_sequence, head.problem) == (9, "")
    with public_context():
        (anchor,) = PlatformAuditEntry.objects.filter(action="audit_log.anchored")
    assert anchor.details == {"sequence": 9, "hash": head.hash}


def test_the_daily_check_tells_the_platform_of_a_broken_chain(
    acme: Tenant, nine_entries: None, administrator: "Connection[Any]"
) -> None:
    administrator.execute("DELETE FROM accounts_auditentry WHERE sequence = 5")
    check_current_tenant()
    assert AuditHead.objects.get().problem == "Entry 5 is missing."
    with public_context():
        assert PlatformAuditEntry.objects.filter(action="audit_log.broken").count() == 1


def test_the_platforms_chain_holds_and_is_checked_too(acme: Tenant, nine_entries: None) -> None:
    check_current_tenant()
    assert check_platform().holds
    with public_context():
        assert verify(PLATFORM_LOG).sequence >= 1


def verify_audit(**options: Any) -> str:
    out = StringIO()
    call_command("verify_audit", stdout=out, **options)
    return out.getvalue()


def test_the_command_prints_where_each_chain_ends(acme: Tenant, nine_entries: None) -> None:
    printed = verify_audit(all=True)
    assert f"acme: holds up to entry 9, {AuditHead.objects.get().hash}" in printed
    assert "platform: holds up to entry" in printed
    assert "globex: holds" in printed


def test_the_command_names_the_first_broken_entry_and_fails(
    acme: Tenant, nine_entries: None, administrator: "Connection[Any]"
) -> None:
    administrator.execute("DELETE FROM accounts_auditentry WHERE sequence = 5")
    out = StringIO()
    with pytest.raises(CommandError, match="1 audit log broken"):
        call_command("verify_audit", tenant="acme", stdout=out)
    assert out.getvalue() == "acme: BROKEN. Entry 5 is missing.\n"


def test_the_command_knows_no_such_tenant(acme: Tenant) -> None:
    with pytest.raises(CommandError, match="no workspace"):
        verify_audit(tenant="nope")
