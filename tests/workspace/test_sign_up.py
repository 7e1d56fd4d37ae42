"""Signing up on the platform's host: switch, form, mail, confirmation, limits."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from costinsights.accounts.models import Role, User
from costinsights.core.tenancy import public_context, tenant_context
from costinsights.workspace.sign_up import services, tasks
from tenants.features import PlatformSwitch
from tenants.models import FeatureSwitch, Plan, SignUp, Tenant
from tenants.services import create_tenant

FORM = {"workspace_name": "Initrode", "slug": "initrode", "email": "Ada@Initrode.test"}
PASSWORD = "a long sentence works well"


@pytest.fixture
def visitor(db: None) -> Iterator[Client]:
    """A browser on the platform's host while sign-up is open. Every request is its own transaction's."""
    flip(on=True)
    yield Client(HTTP_HOST="localhost")
    flip(on=False)


def flip(*, on: bool) -> None:
    with public_context():
        switch = FeatureSwitch.objects.get(name=PlatformSwitch.SELF_SERVICE_SIGN_UP)
        switch.active = on
        switch.save()


def rows() -> list[SignUp]:
    with public_context():
        return list(SignUp.objects.order_by("pk"))


def mailed_link(visitor: Client, **changes: str) -> str:
    """Fill in the form, let the job run, and read the link's path in the mail."""
    answer = visitor.post("/sign-up/", {**FORM, **changes})
    assert answer.status_code == 302, answer.content
    tasks.send_sign_up_link(sign_up_id=rows()[-1].pk)
    found = re.search(r"/sign-up/confirm/\S+/", str(mail.outbox[-1].body))
    assert found is not None
    return found.group()


def tenant_of(slug: str) -> Tenant | None:
    with public_context():
        found: Tenant | None = Tenant.objects.filter(slug=slug).first()
        return found


def test_while_the_switch_is_off_there_is_no_sign_up(public_client: Client) -> None:
    for path in ("/sign-up/", "/sign-up/address/?slug=x", "/sign-up/sent/", "/sign-up/confirm/x/"):
        assert public_client.get(path).status_code == 404
    assert public_client.post("/sign-up/", FORM).status_code == 404
    assert "Start a new workspace" not in public_client.get("/").content.decode()


def test_from_the_form_to_the_first_page_of_the_first_owner(visitor: Client) -> None:
    link = mailed_link(visitor)
    assert mail.outbox[-1].to == ["ada@initrode.test"]
    assert "Make Initrode" in visitor.get(link).content.decode()
    assert tenant_of("initrode") is None  # opening the link makes nothing

    answer = visitor.post(link, {"slug": "initrode"})

    tenant = tenant_of("initrode")
    assert tenant is not None
    assert (tenant.plan, tenant.name) == (Plan.COMMUNITY, "Initrode")
    owner = join(answer["Location"])
    page = owner.get("/")
    assert page.status_code == 200
    assert "0 of 5 done" in page.content.decode()
    with tenant_context(tenant):
        assert [(u.email, u.role) for u in User.objects.all()] == [
            ("ada@initrode.test", Role.OWNER)
        ]


def join(address: str) -> Client:
    """Follow the way into the new workspace and choose a password."""
    host, path = re.fullmatch(r"http://([^/:]+)(?::\d+)?(/.*)", address).groups()  # type: ignore[union-attr]  # the pattern fits or the test fails
    client = Client(HTTP_HOST=host)
    form = client.get(path, follow=True)
    assert form.status_code == 200, form.content
    answer = client.post("/join/", {"name": "Ada", "password": PASSWORD, "repeated": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def test_following_the_link_again_leads_to_the_same_workspace(visitor: Client) -> None:
    link = mailed_link(visitor)
    first = visitor.post(link, {"slug": "initrode"})["Location"]
    again = visitor.post(link)["Location"]
    assert again != first  # another door for an owner who has not come yet; the first one is shut
    join(again)
    assert visitor.post(link)["Location"].endswith("initrode.localhost/sign-in/")
    with public_context():
        assert Tenant.objects.filter(slug="initrode").count() == 1


def test_an_address_taken_meanwhile_can_be_changed_on_the_spot(visitor: Client) -> None:
    link = mailed_link(visitor)
    create_tenant(name="Faster", slug="initrode")
    assert "is taken" in visitor.get(link).content.decode()
    refused = visitor.post(link, {"slug": "initrode"})
    assert refused.status_code == 422
    assert visitor.post(link, {"slug": "initrode-2"}).status_code == 302
    assert tenant_of("initrode-2") is not None


def test_a_workspace_that_fails_to_be_made_leaves_nothing_and_the_link_works_on(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = mailed_link(visitor)

    def fail(**_: Any) -> str:
        raise OperationalError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr(services, "door_for_first_owner", fail)
        answer = visitor.post(link, {"slug": "initrode"})
    assert answer.status_code == 503
    assert "nothing was changed" in answer.content.decode()
    assert tenant_of("initrode") is None
    assert visitor.post(link, {"slug": "initrode"}).status_code == 302


def test_a_link_works_for_a_day(visitor: Client) -> None:
    link = mailed_link(visitor)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=24, seconds=1), tick=False):
        assert visitor.get(link).status_code == 410
        assert visitor.post(link, {"slug": "initrode"}).status_code == 410
    assert visitor.get("/sign-up/confirm/guessed/").status_code == 410
    assert tenant_of("initrode") is None


def test_a_trial_is_given_where_the_platform_says_so(visitor: Client, settings: Any) -> None:
    settings.SIGN_UP_TRIAL_DAYS = 14
    visitor.post(mailed_link(visitor), {"slug": "initrode"})
    tenant = tenant_of("initrode")
    assert tenant is not None
    assert tenant.plan_at(timezone.now()) == Plan.SAAS
    assert tenant.plan == Plan.COMMUNITY


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "acme"),
        ("slug", "admin"),
        ("slug", "-x"),
        ("slug", "no spaces"),
        ("slug", "umläut"),
        ("slug", "a" * 41),
        ("email", "nobody"),
        ("workspace_name", "  "),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(visitor: Client, field: str, value: str) -> None:
    answer = visitor.post("/sign-up/", {**FORM, field: value})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert rows() == []


@pytest.mark.parametrize(
    ("slug", "words"),
    [("free-name", "is free"), ("acme", "is taken"), ("docs", "is taken"), ("A b", "Use 1 to 40")],
)
def test_the_form_says_whether_an_address_is_free(visitor: Client, slug: str, words: str) -> None:
    assert words in visitor.get("/sign-up/address/", {"slug": slug}).content.decode()


def test_a_program_that_fills_in_everything_gets_nothing(visitor: Client) -> None:
    answer = visitor.post("/sign-up/", {**FORM, "website": "http://spam.test"})
    assert answer["Location"] == "/sign-up/sent/"
    assert rows() == []


def test_one_inbox_gets_few_mails_and_nobody_is_told(visitor: Client) -> None:
    answers = [visitor.post("/sign-up/", {**FORM, "slug": f"try-{n}"}) for n in range(5)]
    assert {answer.status_code for answer in answers} == {302}
    assert len(rows()) == 3


def test_one_network_gets_a_limited_number_of_tries(visitor: Client) -> None:
    answers = [
        visitor.post("/sign-up/", {**FORM, "email": f"a{n}@x.test", "slug": f"try-{n}"})
        for n in range(11)
    ]
    assert [answer.status_code for answer in answers] == [302] * 10 + [429]


def test_nothing_that_opens_a_door_is_stored_or_sent_to_the_queue(visitor: Client) -> None:
    link = mailed_link(visitor)
    secret = link.split("/")[-2]
    stored = [str(value) for row in rows() for value in vars(row).values()]
    assert not any(secret in text for text in stored)


def test_old_sign_ups_are_forgotten_with_their_addresses(visitor: Client) -> None:
    mailed_link(visitor)
    now = timezone.now()
    assert services.forget_old_sign_ups(at=now + dt.timedelta(days=7)) == 0
    assert services.forget_old_sign_ups(at=now + dt.timedelta(days=9)) == 1


def test_the_mail_is_a_job_that_is_told_no_secret(
    visitor: Client, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.send_sign_up_link, "delay", lambda **given: sent.append(given))
    with django_capture_on_commit_callbacks(execute=True):
        visitor.post("/sign-up/", FORM)
    assert sent == [{"sign_up_id": rows()[0].pk}]


def test_a_job_that_comes_late_mails_nobody(visitor: Client) -> None:
    visitor.post("/sign-up/", FORM)
    late = timezone.now() + dt.timedelta(hours=25)
    assert services.send_link(sign_up_id=rows()[0].pk, at=late) is False
    assert mail.outbox == []
