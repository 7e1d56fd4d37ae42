"""Each entry names who did it: a member, a program, staff, a job, a command, or somebody past all of them."""

from typing import Any

import pytest
from celery import current_app, shared_task
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costinsights.accounts.models import AuditEntry, Scope, User
from costinsights.core.actor import Actor, ActorKind, acting_as, set_actor
from costinsights.core.tasks import SENDER_HEADER, TENANT_HEADER, TenantTask
from costinsights.core.tenancy import public_context, tenant_connection, tenant_context
from tenants.models import PlatformAuditEntry, Tenant
from tenants.postgresql_backend.base import DatabaseWrapper
from tests.audit.conftest import entries
from tests.database import admin_connection
from tests.factories.accounts import PASSWORD, UserFactory, token_of
from tests.tenants import staff

ADA = Actor(ActorKind.MEMBER, identifier="7", label="ada@acme.test", ip_address="192.0.2.1")


def who(entry: AuditEntry | PlatformAuditEntry) -> tuple[str, str, str]:
    return entry.actor_kind, entry.actor_identifier, entry.actor_label


def test_a_member_at_a_page_is_named_with_address_and_request(acme: Tenant, client_of: Any) -> None:
    member = UserFactory.create(email="ada@acme.test", role="owner")
    client: Client = client_of(acme)
    client.post("/sign-in/", {"email": member.email, "password": PASSWORD})
    answer = client.post("/settings/profile/", {"name": "Ada"})
    (entry,) = entries(action="row.updated", after={"name": "Ada"})
    assert who(entry) == ("member", str(member.pk), "ada@acme.test")
    assert (entry.actor_ip, entry.request_id) == ("127.0.0.1", answer["X-Request-ID"])


def test_a_program_is_named_by_its_token_and_its_member(acme: Tenant, client_of: Any) -> None:
    member = UserFactory.create(email="ada@acme.test", role="owner")
    text = token_of(member, Scope.READ, Scope.WRITE, name="nightly export")
    client = client_of(acme, HTTP_AUTHORIZATION=f"Bearer {text}")
    client.delete(f"/api/v1/tokens/{text.split('_')[1]}/")
    (entry,) = entries(action="row.updated", object_type="accounts_apitoken")
    assert who(entry) == ("program", text.split("_")[1], "nightly export (ada@acme.test)")


def test_somebody_not_signed_in_is_a_visitor_with_an_address(acme: Tenant, client_of: Any) -> None:
    UserFactory.create(email="ada@acme.test")
    client_of(acme).post("/sign-in/", {"email": "ada@acme.test", "password": "wrong"})
    found = entries(action="sign_in.failed")
    assert {(entry.actor_kind, entry.actor_ip) for entry in found} <= {("visitor", "127.0.0.1")}


def test_a_request_leaves_nobody_named_behind_it(acme: Tenant, client_of: Any) -> None:
    client = client_of(acme)
    client.force_login(
        UserFactory.create(role="owner"), backend="costinsights.accounts.backends.TenantBackend"
    )
    client.post("/settings/profile/", {"name": "Ada"})
    UserFactory.create(email="later@acme.test")
    (entry,) = entries(object_label="later@acme.test")
    assert who(entry) == ("system", "", "system")


@shared_task(base=TenantTask, name="tests.rename")
def rename() -> None:
    User.objects.update(name="Renamed")


def run_job(tenant: Tenant, **headers: str) -> None:
    """As a worker does, with only the message to go by."""
    task: Any = current_app.tasks["tests.rename"]
    task.push_request(
        called_directly=False, is_eager=True, headers={TENANT_HEADER: tenant.pk, **headers}
    )
    with public_context():
        task()
    task.pop_request()


def test_a_job_is_named_with_whoever_sent_it(acme: Tenant) -> None:
    UserFactory.create()
    run_job(acme, **{SENDER_HEADER: "ada@acme.test"})
    (entry,) = entries(action="row.updated")
    assert who(entry) == ("system", "tests.rename", "job tests.rename on behalf of ada@acme.test")


def test_a_job_of_the_clock_is_named_alone(acme: Tenant) -> None:
    UserFactory.create()
    run_job(acme)
    (entry,) = entries(action="row.updated")
    assert entry.actor_label == "job tests.rename"


def test_a_job_carries_the_name_of_whoever_sends_it(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "celery.app.task.Task.apply_async",
        lambda *_, headers, **__: sent.append(headers),
    )
    with django_capture_on_commit_callbacks(execute=True), acting_as(ADA):
        current_app.tasks[rename.name].enqueue_on_commit()  # type: ignore[attr-defined]  # ours
    with acting_as(Actor(ActorKind.SYSTEM, label="job a on behalf of ada@acme.test")):
        rename.apply_async()
    rename.apply_async()
    assert [headers.get(SENDER_HEADER) for headers in sent] == [*["ada@acme.test"] * 2, None]


def test_a_command_is_named_with_the_system_user_who_ran_it(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "operator")
    monkeypatch.setenv("NEW_USER_PASSWORD", PASSWORD)
    call_command("create_user", tenant="acme", email="eve@acme.test", role="viewer")
    (entry,) = entries(object_label="eve@acme.test")
    assert who(entry) == ("system", "create_user", "command create_user by operator")


def test_a_command_over_a_tenants_life_is_named_in_the_platforms_log(acme: Tenant) -> None:
    call_command("suspend_tenant", tenant="acme")
    with public_context():
        entry = PlatformAuditEntry.objects.filter(object_type="tenants_tenant").latest("id")
    assert (entry.actor_identifier, entry.after) == ("suspend_tenant", {"status": "suspended"})


def test_whoever_works_past_the_application_is_named_by_their_login(acme: Tenant) -> None:
    with admin_connection(tenant_connection.settings_dict["NAME"]) as admin:
        admin.execute(f"SET search_path = {acme.schema_name}")
        with admin.transaction(force_rollback=True):
            admin.execute(
                "INSERT INTO accounts_workspace (id, display_time_zone, fiscal_year_start_month, second_factor_policy, password_sign_in, logo, logo_media_type, updated_at) VALUES (1, 'UTC', 1, 'optional', true, '', '', now())"
            )
            row = admin.execute(
                "SELECT actor_kind, actor_label = session_user FROM accounts_auditentry"
            ).fetchone()
    assert row == ("database", True)


TEXTS = st.text(st.characters(), max_size=60)


@given(label=TEXTS, identifier=TEXTS, request=TEXTS)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_label_breaks_out_of_the_statement_that_names_it(
    acme: Tenant, label: str, identifier: str, request: str
) -> None:
    actor = Actor(ActorKind.MEMBER, identifier=identifier, label=label, request_id=request)
    with acting_as(actor), connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_to_array(current_setting('costinsights.actor'), chr(31)), current_user"
        )
        fields, role = cursor.fetchone()
    assert len(fields) == 5
    assert (fields[0], role) == ("member", acme.database_role)


@pytest.mark.parametrize(
    "label", ["x'; RESET ROLE; --", "\\'; RESET ROLE --", "%s %(a)s", "$$", "a\x1fb", "\ud800"]
)
def test_labels_made_to_harm_are_only_labels(acme: Tenant, label: str) -> None:
    with acting_as(Actor(ActorKind.MEMBER, identifier="1", label=label)):
        UserFactory.create()
    (entry,) = entries()
    assert who(entry)[:2] == ("member", "1")
    assert entry.actor_label in (label, label.replace("\x1f", " "), "?")


def test_a_rollback_does_not_bring_back_who_was_named_before(acme: Tenant) -> None:
    UserFactory.create()
    with transaction.atomic():
        set_actor(ADA)  # the server is told inside the savepoint, and forgets it with it
        UserFactory.create()
        transaction.set_rollback(True)
    UserFactory.create()
    assert [entry.actor_label for entry in entries()] == ["system", "ada@acme.test"]


@pytest.mark.django_db(transaction=True)
def test_a_connection_comes_back_to_the_pool_with_nobody_named(acme: Tenant) -> None:
    with acting_as(ADA):
        UserFactory.create()
    connection.close()
    with tenant_connection.pool.connection() as raw:
        assert raw.execute("SELECT current_setting('costinsights.actor', true)").fetchone() in [
            ("",),
            (None,),
        ]


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_is_told_again(acme: Tenant) -> None:
    with acting_as(ADA):
        UserFactory.create()
        connection.close()
        UserFactory.create()
    assert [entry.actor_label for entry in entries()] == ["ada@acme.test"] * 2


def test_the_server_is_told_only_when_the_actor_changed(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Actor] = []

    def telling(self: DatabaseWrapper, actor: Actor) -> str:
        told.append(actor)
        return statement(self, actor)

    statement = DatabaseWrapper._actor_statement
    monkeypatch.setattr(DatabaseWrapper, "_actor_statement", telling)
    with acting_as(ADA):
        for _ in range(5):
            User.objects.count()
        with tenant_context(acme):
            User.objects.count()
    assert told == [ADA]


def test_naming_an_actor_asks_the_database_nothing(
    acme: Tenant, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        set_actor(ADA)


def test_staff_are_named_in_the_platforms_log(db: None) -> None:
    ada = staff.member("ada@platform.test", superuser=True)
    client = staff.signed_in(ada)
    form = {
        "title": "Maintenance",
        "level": "info",
        "starts_at_0": "2026-11-23",
        "starts_at_1": "10:00:00",
    }
    answer = client.post("/tenants/announcement/add/", form)
    assert answer.status_code == 302, answer.content
    with public_context():
        entry = PlatformAuditEntry.objects.get(object_label="Maintenance", action="row.inserted")
    assert who(entry) == ("staff", str(ada.pk), "ada@platform.test")
    assert (entry.actor_ip, entry.request_id) == ("127.0.0.1", answer["X-Request-ID"])
