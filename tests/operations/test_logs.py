"""Log lines: one per event, with request and tenant, without secrets and without tricks."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from celery import shared_task
from django.core.mail import EmailMessage
from django.test import Client

from costinsights.core.log_text import REMOVED, plain, safe
from costinsights.core.tasks import TenantTask
from costinsights.core.tenancy import tenant_context
from costinsights.logging import logging_settings
from costinsights.operations import jobs
from tenants.models import Tenant

log = structlog.get_logger("costinsights.tests")
TRICKS = [
    "line\nend",
    "carriage\r\nreturn",
    "nul\x00",
    "\x1b[31mred\x1b[0m",
    "\x9b31m",
    "\u202egnp.exe",
    "\u2066isolated\u2069",
    "paragraph\u2029separator",
    "next\u0085line",
    "\ufeffmark",
]
SECRETS = [
    "ci_abcdefghijkl_0123456789abcdefghijklmnop_1a2b3c4d",
    "v1.deadbeef.c2VhbGVkIGJ5dGVzIG9mIHNvbWVib2R5",
    "Authorization: Bearer abcdef.ghijkl",
    "postgres://login:hunter2hunter2@db:5432/x",
    "could not sign in: password=hunter2hunter2",
    "-----BEGIN PRIVATE KEY-----\nMIIhunter2\n-----END PRIVATE KEY-----",
]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The JSON lines written since, read back."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    logging_settings(debug=False, as_json=True)

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield read
    root.handlers[:], level = before
    root.setLevel(level)


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("sink", ["event", "field", "name", "standard", "error"])
def test_a_trick_stays_within_its_one_line(lines: Any, trick: str, sink: str) -> None:
    match sink:
        case "event":
            log.info(trick)
        case "field":
            log.info("event", what=[trick], deep={"a": {"b": trick}})
        case "name":
            log.info("event", **{trick: 1})
        case "standard":
            logging.getLogger("some.library").warning("it said %s", trick)
        case "error":
            try:
                raise ValueError(trick)
            except ValueError:
                log.exception("failed")
    (line,) = lines()
    text = json.dumps(line, ensure_ascii=False)
    assert not [c for c in "\n\r\x00\x1b\x9b\x85\u202e\u2066\u2069\u2029\ufeff" if c in text]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_any_text_is_taken_out(secret: str) -> None:
    said = plain(f"before {secret} after")
    assert REMOVED in said
    assert not [part for part in ("hunter2", "c2Vh", "abcdef", "abcdefghijkl") if part in said]


@pytest.mark.parametrize("name", ["password", "new_password", "api_key", "sealed_secret", "Cookie"])
def test_a_value_whose_name_is_a_secrets_is_taken_out(name: str) -> None:
    assert safe({"outer": {name: "hunter2"}}) == {"outer": {name: REMOVED}}


def test_what_is_no_secret_stays() -> None:
    kept = {"tenant": 7, "task": "accounts.forget", "key_id": "abc", "ratio": 0.5, "none": None}
    assert safe(kept) == kept


@pytest.mark.django_db
def test_a_request_is_one_line_with_its_id_and_tenant(lines: Any, acme: Tenant) -> None:
    client = Client(HTTP_HOST="acme.localhost", HTTP_X_REQUEST_ID="trace-12345")
    client.get("/sign-in/?next=/&token=hunter2")
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert (line["tenant"], line["request_id"]) == (acme.pk, "trace-12345")
    assert (line["method"], line["route"], line["status"]) == ("GET", "sign-in", 200)
    assert line["ms"] > 0
    assert line["bytes"] > 100
    assert "hunter2" not in json.dumps(line)


@pytest.mark.django_db
def test_an_address_with_a_one_time_secret_is_not_in_the_line(lines: Any, acme: Tenant) -> None:
    Client(HTTP_HOST="acme.localhost").get("/reset/MQ/c9w3mn-0123456789abcdef/")
    assert lines()
    assert "c9w3mn" not in json.dumps(lines())


@pytest.mark.django_db
def test_a_request_id_with_a_trick_in_it_is_replaced(acme: Tenant) -> None:
    answer = Client(HTTP_HOST="acme.localhost", HTTP_X_REQUEST_ID="bad\r\nSet-Cookie: a=b").get("/")
    assert "Set-Cookie" not in answer["X-Request-ID"]
    assert len(answer["X-Request-ID"]) == 32


@shared_task(base=TenantTask, name="tests.say_something")
def say_something() -> None:
    log.info("said")


@pytest.mark.django_db
def test_a_job_carries_the_request_that_sent_it(
    lines: Any, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers: dict[str, Any] = {}
    with structlog.contextvars.bound_contextvars(request_id="trace-12345"):
        jobs.hand_on_request_id(headers=headers)
    monkeypatch.setattr("celery.app.task.Context.is_eager", False)
    jobs.listen()
    with tenant_context(acme):
        say_something.apply(headers={**headers, "costinsights_tenant_id": acme.pk}, task_id="job-1")
    (line,) = [line for line in lines() if line["event"] == "said"]
    assert line["tenant"] == acme.pk
    (end,) = [line for line in lines() if line["event"] == "job"]
    assert end["outcome"] == "success"


@pytest.mark.parametrize("trick", ["a\nBcc: x@example.test", "a\r\nX-More: 1"])
def test_a_mail_takes_no_further_header(trick: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        EmailMessage(subject=trick, to=["a@example.test"]).message()
