"""A job that failed for good is written down, tried again once, or dismissed."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from celery import current_app, shared_task
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from costinsights.accounts.models import User
from costinsights.core.errors import Conflict, NotAllowed, NotFound
from costinsights.core.tasks import TENANT_HEADER, TenantTask
from costinsights.core.tenancy import public_context, tenant_context
from tenants import jobs, services
from tenants.models import JobFailure, StaffUser, Tenant
from tenants.tasks import forget_old_rows
from tests.tenants.staff import member, signed_in

outcome: list[BaseException | None] = []
ran: list[tuple[str, dict[str, Any]]] = []


@shared_task(base=TenantTask, name="tests.shaky")
def shaky(**kwargs: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        ran.append((cursor.fetchone()[0], kwargs))
    if outcome and (error := outcome.pop(0)) is not None:
        raise error


@shared_task(base=TenantTask, name="tests.writes_and_fails")
def writes_and_fails() -> None:
    with transaction.atomic():
        User.objects.create(email="half@done.test")
        raise NotFound("The cluster is gone.")


@shared_task(name="tests.stubborn", bind=True, autoretry_for=(OSError,), max_retries=2)
def stubborn(self: Any) -> None:
    raise OSError


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    outcome.clear()
    ran.clear()


def failures() -> list[JobFailure]:
    with public_context():
        return list(JobFailure.objects.select_related("tenant", "retried_by"))


def fail(error: BaseException, **kwargs: Any) -> JobFailure:
    """Run `shaky` in the tenant of now so that it fails with `error`. Returns what was written down."""
    outcome.append(error)
    shaky.delay(**kwargs)
    (failure,) = failures()
    return failure


def test_a_failure_names_the_job_the_tenant_and_our_own_words_only(
    acme: Tenant, eager: None
) -> None:
    failure = fail(NotFound("The cluster is gone."), cluster_id=7)
    assert (failure.tenant, failure.task) == (acme, "tests.shaky")
    assert (failure.error, failure.message) == ("NotFound", "The cluster is gone.")
    assert failure.kwargs == {"cluster_id": 7}


def test_what_a_foreign_program_said_is_not_kept(acme: Tenant, eager: None) -> None:
    failure = fail(ValueError("Bearer abc123 refused"))
    assert (failure.error, failure.message) == ("ValueError", "")


def test_a_failure_outlives_the_rollback_of_its_job(acme: Tenant, eager: None) -> None:
    writes_and_fails.delay()
    assert [failure.error for failure in failures()] == ["NotFound"]
    assert not User.objects.filter(email="half@done.test").exists()


def test_a_job_that_will_be_tried_again_is_no_failure_until_the_last_time(
    db: None, eager: None
) -> None:
    stubborn.delay()
    (failure,) = failures()
    assert (failure.task, failure.tenant, failure.error) == ("tests.stubborn", None, "OSError")


def test_a_refused_job_is_no_failure(acme: Tenant, eager: None) -> None:
    outcome.append(NotAllowed("Not in this plan."))
    shaky.delay()
    assert failures() == []


def test_the_same_message_failing_twice_is_one_row(acme: Tenant) -> None:
    for text in ("first", "second"):
        jobs.record(sender=shaky, task_id="same", exception=NotFound(text), kwargs={})
    assert [failure.message for failure in failures()] == ["second"]


def test_recording_never_raises(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(jobs, "_write", boom)
    jobs.record(sender=shaky, task_id="1", exception=ValueError(), kwargs={})
    jobs.record()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"cluster_id": 3, "token_id": 4, "ok": True}, {"cluster_id": 3, "token_id": 4, "ok": True}),
        ({"password": "x"}, {"password": jobs.REMOVED}),
        ({"api_key": "x", "Authorization": "y"}, {"api_key": jobs.REMOVED, "Authorization": jobs.REMOVED}),
        ({"deep": [{"client_secret": "x"}]}, {"deep": [{"client_secret": jobs.REMOVED}]}),
        ({"body": "x" * 301}, {"body": jobs.REMOVED}),
        ({"odd": object}, {"odd": jobs.REMOVED}),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_not_kept(given: Any, kept: Any) -> None:
    assert jobs.scrubbed(given) == kept


@pytest.fixture
def ada(db: None) -> StaffUser:
    return member("ada@platform.test", "Support")


def test_retry_sends_the_same_job_for_the_same_tenant_once(
    acme: Tenant, ada: StaffUser, eager: None
) -> None:
    failure = fail(NotFound("Gone."), cluster_id=7)
    ran.clear()
    client = signed_in(ada)
    for _ in range(2):
        client.post(f"/tenants/jobfailure/{failure.pk}/retry/")
    assert ran == [(acme.database_role, {"cluster_id": 7})]
    (failure,) = failures()
    assert (failure.retried_by, failure.dismissed_at) == (ada, None)
    assert failure.retried_at is not None


def test_a_retry_that_fails_again_is_a_failure_of_its_own(
    acme: Tenant, ada: StaffUser, eager: None
) -> None:
    failure = fail(NotFound("Gone."))
    outcome.append(NotFound("Still gone."))
    signed_in(ada).post(f"/tenants/jobfailure/{failure.pk}/retry/")
    assert {row.message for row in failures()} == {"Gone.", "Still gone."}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_eight_retries_at_once_one_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = member("ada@platform.test")
    sent: list[int] = []
    monkeypatch.setattr(
        "celery.app.task.Task.apply_async",
        lambda *_, headers, **__: sent.append(headers[TENANT_HEADER]),
    )
    with public_context():
        acme = Tenant.objects.get(slug="acme")
        failure = JobFailure.objects.create(
            tenant=acme, task="tests.shaky", job_id="1", error="NotFound"
        )
    with ThreadPoolExecutor(8) as pool:
        refused = sum(pool.map(lambda _: _refused(failure, ada), range(8)))
    assert (refused, sent) == (7, [acme.pk])


def _refused(failure: JobFailure, by: StaffUser) -> bool:
    try:
        jobs.retry(JobFailure(pk=failure.pk), by=by, at=timezone.now())
    except Conflict:
        return True
    finally:
        connection.close()
    return False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"task": "tests.gone"}, "no job"),
        ({"kwargs": {"password": jobs.REMOVED}}, "not kept"),
        ({"tenant": None}, "not known"),
    ],
)
def test_what_cannot_be_sent_stays_open(
    acme: Tenant, ada: StaffUser, change: dict[str, Any], words: str
) -> None:
    with public_context():
        made = {"tenant": acme, "task": "tests.shaky", "job_id": "1", "error": "E", **change}
        failure = JobFailure.objects.create(**made)
        with pytest.raises(Conflict, match=words):
            jobs.retry(failure, by=ada, at=timezone.now())
        failure.refresh_from_db()
    assert failure.retried_at is None


def test_a_suspended_tenants_job_is_not_sent_again(acme: Tenant, ada: StaffUser) -> None:
    with public_context():
        failure = JobFailure.objects.create(
            tenant=acme, task="tests.shaky", job_id="1", error="NotFound"
        )
    services.suspend_tenant(acme)
    with pytest.raises(Conflict, match="suspended"):
        jobs.retry(JobFailure(pk=failure.pk), by=ada, at=timezone.now())


def test_when_the_broker_is_away_the_failure_stays_open(
    acme: Tenant, ada: StaffUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("celery.app.task.Task.apply_async", away)
    with public_context():
        failure = JobFailure.objects.create(
            tenant=acme, task="tests.shaky", job_id="1", error="NotFound"
        )
    with pytest.raises(ConnectionRefusedError):
        jobs.retry(JobFailure(pk=failure.pk), by=ada, at=timezone.now())
    assert failures()[0].retried_at is None


def open_list(client: Client, **query: str) -> list[str]:
    answer = client.get("/tenants/jobfailure/", query)
    return sorted(row.task for row in answer.context["cl"].result_list)


def test_the_list_begins_with_open_ones_and_is_filtered(
    acme: Tenant, globex: Tenant, ada: StaffUser
) -> None:
    now = timezone.now()
    with public_context():
        for number, (task, tenant, error, done) in enumerate(
            [
                ("one", acme, "NotFound", None),
                ("two", globex, "OSError", None),
                ("three", acme, "OSError", now),
            ]
        ):
            JobFailure.objects.create(
                task=task, tenant=tenant, error=error, job_id=str(number), dismissed_at=done
            )
    client = signed_in(ada)
    assert open_list(client) == ["one", "two"]
    assert open_list(client, state="dismissed") == ["three"]
    assert open_list(client, state="all") == ["one", "three", "two"]
    assert open_list(client, error="OSError") == ["two"]
    assert open_list(client, task="one") == ["one"]
    assert open_list(client, tenant__id__exact=str(globex.pk)) == ["two"]


def test_many_are_retried_and_dismissed_at_once(acme: Tenant, ada: StaffUser, eager: None) -> None:
    with public_context():
        for number in range(4):
            JobFailure.objects.create(
                tenant=acme, task="tests.shaky", job_id=str(number), error="NotFound"
            )
    client = signed_in(ada)
    for action, chosen in (
        ("retry_selected", failures()[:2]),
        ("dismiss_selected", failures()[2:]),
    ):
        client.post(
            "/tenants/jobfailure/",
            {"action": action, "_selected_action": [str(row.pk) for row in chosen]},
        )
    assert len(ran) == 2
    assert sorted(row.retried_at is not None for row in failures()) == [False, False, True, True]
    assert open_list(client) == []


def test_a_failures_page_shows_arguments_without_a_members_address(
    acme: Tenant, ada: StaffUser
) -> None:
    with public_context():
        failure = JobFailure.objects.create(
            tenant=acme,
            task="accounts.send_password_reset",
            job_id="1",
            kwargs={"email": "eve@acme.test"},
            error="SMTPException",
        )
    shown = signed_in(ada).get(f"/tenants/jobfailure/{failure.pk}/change/").content.decode()
    assert "SMTPException" in shown
    assert "eve@acme.test" not in shown


def test_old_failures_are_forgotten_after_thirty_days(db: None) -> None:
    now = timezone.now()
    with public_context():
        for days in (29, 31):
            JobFailure.objects.create(
                task="x", job_id=str(days), error="E", failed_at=now - dt.timedelta(days=days)
            )
    assert forget_old_rows() == 1
    assert [row.job_id for row in failures()] == ["29"]


def test_jobs_are_found_by_name_in_a_process_that_loaded_none(acme: Tenant) -> None:
    assert jobs.job_named("accounts.invite_first_owner") is not None
    assert jobs.job_named("no.such.job") is None
    assert "tests.shaky" in current_app.tasks
    with tenant_context(acme):
        assert isinstance(jobs.job_named("tests.shaky"), TenantTask)
