"""The log as admins see it: in words, filtered, page by page, as CSV and by API."""

import csv
import hashlib
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from costinsights.accounts.models import AuditEntry, User
from costinsights.core.actor import Actor, ActorKind, acting_as
from costinsights.core.audit import record_event
from costinsights.core.tenancy import tenant_context
from tenants.models import Tenant
from tests.audit.conftest import entries
from tests.docs.pages import CONTENT
from tests.factories.accounts import UserFactory, token_of
from tests.isolation.seeding import seal_audit_log

ADA = Actor(ActorKind.MEMBER, identifier="7", label="ada@acme.test", ip_address="192.0.2.1")
BACKEND = "costinsights.accounts.backends.TenantBackend"


@pytest.fixture
def admin(acme: Tenant, client_of: Any) -> Client:
    client: Client = client_of(acme)
    client.force_login(UserFactory.create(role="admin", email="admin@acme.test"), backend=BACKEND)  # type: ignore[arg-type]  # typed for staff
    return client


@pytest.fixture
def program(acme: Tenant, client_of: Any) -> Client:
    text = token_of(UserFactory.create(role="admin"))
    client: Client = client_of(acme, HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def page(client: Client, **query: str) -> str:
    answer = client.get("/settings/audit/", query)
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().split())


def test_a_change_is_told_in_words_with_before_and_after(admin: Client) -> None:
    with acting_as(ADA):
        bob = UserFactory.create(email="bob@acme.test", role="viewer")
        User.objects.filter(pk=bob.pk).update(role="analyst")
    shown = page(admin, action="row.updated")
    assert "<strong>Changed</strong> member bob@acme.test" in shown
    assert "<td>Viewer</td> <td>Analyst</td>" in shown
    assert "ada@acme.test" in shown
    assert "192.0.2.1" in shown


def test_a_secret_is_told_to_have_changed_and_not_shown(admin: Client) -> None:
    bob = UserFactory.create(email="bob@acme.test")
    bob.set_password("correct horse battery staple")
    bob.save()
    shown = page(admin, action="row.updated")
    assert '<th scope="row">Password</th> <td>not shown</td> <td>not shown</td>' in shown
    assert bob.password not in shown


def test_labels_are_shown_and_never_run(admin: Client) -> None:
    with acting_as(Actor(ActorKind.MEMBER, label="<script>alert(1)</script>")):
        UserFactory.create(name="<img src=x onerror=alert(1)>")
    shown = page(admin)
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "&lt;script&gt;alert" in shown


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ({"who": "ada"}, ["by ada"]),
        ({"who": "7"}, ["by ada"]),
        ({"action": "sign_in.*"}, ["signed in"]),
        ({"action": "sign_in.failed"}, []),
        ({"object_type": "download"}, ["by ada"]),
        ({"q": "needle"}, ["signed in"]),
        ({"q": "by ada"}, ["by ada"]),
        ({"since": "2999-01-01"}, []),
        ({"until": "2000-01-01"}, []),
        ({"since": "2000-01-01", "until": "2999-01-01", "who": "grace"}, ["signed in"]),
    ],
)
def test_a_filter_finds_what_it_says(
    program: Client, query: dict[str, str], labels: list[str]
) -> None:
    with acting_as(ADA):
        record_event("download.costs_csv", target="by ada")
    with acting_as(Actor(ActorKind.MEMBER, identifier="8", label="grace@acme.test")):
        record_event("sign_in.succeeded", target="signed in", details={"why": "a needle"})
    answer = program.get("/api/v1/audit/", query)
    assert [row["object_label"] for row in answer.json()["results"]] == labels


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "yesterday"),
        ("until", "2026-02-30"),
        ("until", "9999-12-31"),
        ("since", "٢٠٢٦-01-01"),
        ("action", "row"),
        ("action", "row.%"),
        ("who", "a" * 300),
        ("q", "a\x00b"),
        ("after_sequence", "-1"),
        ("after_sequence", "1" * 30),
        ("cursor", "x"),
        ("actoin", "row.*"),
    ],
)
def test_a_filter_that_cannot_be_used_is_named(program: Client, name: str, value: str) -> None:
    answer = program.get("/api/v1/audit/", {name: value})
    assert answer.status_code == 400
    assert answer.json()["field"] == name


def test_the_page_keeps_what_was_typed_and_says_what_is_wrong(admin: Client) -> None:
    answer = admin.get("/settings/audit/", {"since": "2026-02-30", "who": "ada"})
    assert answer.status_code == 422
    assert "A day is written like 2026-01-31." in answer.content.decode()
    assert 'value="ada"' in answer.content.decode()


def test_pages_follow_each_other_both_ways_and_lose_nothing(admin: Client) -> None:
    for number in range(120):
        record_event("job.tested", target=f"entry {number:03}")
    seen: list[int] = []
    address = "?action=job.tested"
    for _ in range(3):
        shown = admin.get(f"/settings/audit/{address}")
        seen += [row.entry.pk for row in shown.context["rows"]]
        address = f"?action=job.tested&before={shown.context['older']}"
    assert shown.context["older"] is None
    assert len(set(seen)) == 120
    back = admin.get("/settings/audit/", {"action": "job.tested", "after": str(seen[100])})
    assert [row.entry.pk for row in back.context["rows"]] == seen[50:100]


def test_only_admins_read_the_log(acme: Tenant, client_of: Any) -> None:
    for role, expected in (("owner", 200), ("admin", 200), ("analyst", 403), ("viewer", 403)):
        client = client_of(acme)
        client.force_login(UserFactory.create(role=role), backend=BACKEND)
        for path in (
            "/settings/audit/",
            "/settings/audit/log.csv",
            "/api/v1/audit/",
            "/api/v1/audit/state",
        ):
            assert client.get(path).status_code == expected, (role, path)


def rows_of(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_the_download_holds_what_was_chosen_and_is_logged_itself(admin: Client) -> None:
    with acting_as(ADA):
        record_event("sign_in.succeeded", target="ada")
    answer = admin.get("/settings/audit/log.csv", {"action": "sign_in.*"})
    assert answer["Content-Disposition"] == 'attachment; filename="acme_audit-log.csv"'
    (row,) = rows_of(answer)
    assert (row["actor_label"], row["action"]) == ("ada@acme.test", "sign_in.succeeded")
    (download,) = entries(action="download.audit_log")
    assert (download.actor_label, download.details) == ("admin@acme.test", {"action": "sign_in.*"})


def test_no_cell_of_the_download_begins_a_formula(admin: Client) -> None:
    for start in ("=", "+", "-", "@", "\t", "＝"):
        with acting_as(Actor(ActorKind.MEMBER, label=f"{start}HYPERLINK(1)")):
            record_event("sign_in.failed", target=f"{start}1+1")
    rows = rows_of(admin.get("/settings/audit/log.csv"))
    cells = [cell for row in rows for cell in row.values() if cell]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "＝")) for cell in cells)


def test_the_download_is_read_in_parts(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("costinsights.accounts.audit.csv_file.BATCH", 10)
    for number in range(25):
        record_event("job.tested", target=str(number))
    answer: Any = admin.get("/settings/audit/log.csv", {"action": "job.*"})
    parts = list(answer.streaming_content)
    assert [part.count(b"\r\n") for part in parts] == [1, 10, 10, 5]


def test_a_download_read_after_the_request_stays_in_its_tenant(
    admin: Client, globex: Tenant
) -> None:
    answer: Any = admin.get("/settings/audit/log.csv")
    with tenant_context(globex):
        UserFactory.create(email="spy@globex.test")
        text = b"".join(answer.streaming_content).decode()
    assert "admin@acme.test" in text
    assert "spy@globex.test" not in text


def test_the_api_gives_an_entry_with_its_summary(program: Client) -> None:
    with acting_as(ADA):
        bob = UserFactory.create(email="bob@acme.test", role="viewer")
        User.objects.filter(pk=bob.pk).update(role="analyst")
    (row,) = program.get(
        "/api/v1/audit/", {"action": "row.updated", "object_id": str(bob.pk)}
    ).json()["results"]
    assert row["summary"] == "Changed member bob@acme.test: role"
    assert (row["before"], row["after"]) == ({"role": "viewer"}, {"role": "analyst"})
    assert row["sequence"] is None


def test_a_program_reads_on_from_the_last_entry_it_saw(program: Client) -> None:
    for number in range(5):
        record_event("job.tested", target=str(number))
    seal_audit_log()
    last = AuditEntry.objects.filter(object_label="2").get().sequence
    answer = program.get("/api/v1/audit/", {"after_sequence": str(last), "page_size": "1"}).json()
    assert [row["object_label"] for row in answer["results"]] == ["3"]
    answer = program.get(answer["next"].split("localhost")[1]).json()
    assert [row["object_label"] for row in answer["results"]] == ["4"]


def test_the_api_streams_csv_by_accept_and_logs_it(program: Client) -> None:
    answer = program.get("/api/v1/audit/", {"action": "row.inserted"}, HTTP_ACCEPT="text/csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert rows_of(answer)
    assert entries(action="download.audit_log")[0].actor_kind == "program"


def test_the_state_says_where_the_chain_ends_and_what_the_check_found(
    admin: Client, acme: Tenant
) -> None:
    seal_audit_log()
    call_command("verify_audit", tenant="acme", verbosity=0, stdout=io.StringIO())
    state = admin.get("/api/v1/audit/state").json()
    assert state["sequence"] == AuditEntry.objects.filter(sequence__isnull=False).count()
    assert len(bytes.fromhex(state["hash"])) == hashlib.sha256().digest_size
    assert state["checked_at"] is None


def test_the_program_in_the_documentation_checks_a_download(admin: Client, tmp_path: Path) -> None:
    UserFactory.create(name="=1+1", email="ö@acme.test").delete()
    record_event("sign_in.failed", target="-x", details={"a": [1, 1.50, None, "é\n"]})
    seal_audit_log()
    file = tmp_path / "audit.csv"
    answer: Any = admin.get("/settings/audit/log.csv")
    content = b"".join(answer.streaming_content)
    file.write_bytes(content)
    assert "entries hold." in documented_check(file)
    file.write_bytes(content.replace("ö@acme.test".encode(), b"o@acme.test"))
    assert "is missing or was changed." in documented_check(file)


def documented_check(file: Path) -> str:
    text = (CONTENT / "audit-log.md").read_text()
    program = text.partition('title="check_audit_log.py"\n')[2].partition("```")[0]
    run = subprocess.run(  # noqa: S603  our own interpreter and our own documentation
        [sys.executable, "-c", program, file], capture_output=True, text=True, check=False
    )
    return run.stdout + run.stderr
