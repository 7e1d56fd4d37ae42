"""Members and tokens from the command line."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from costinsights.accounts import tokens
from costinsights.accounts.models import ApiToken, User
from costinsights.core.tenancy import tenant_context
from tenants.models import Tenant
from tests.factories.accounts import PASSWORD, UserFactory


def run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_token_is_the_only_line_printed(ada: User) -> None:
    out, err = run(
        "create_api_token", "--tenant=acme", f"--user={ada.email}", "--name=ci", "--expires-days=7"
    )
    token = ApiToken.objects.get()
    assert tokens.parse(out.strip()) is not None
    assert (out.count("\n"), err) == (1, "")
    assert (token.name, token.scopes, (token.expires_at - token.created_at).days) == (
        "ci",
        ["read"],
        7,
    )


def test_a_token_takes_scopes_a_ceiling_and_networks(ada: User) -> None:
    run(
        "create_api_token", "--tenant=acme", f"--user={ada.email}", "--scope=read", "--scope=write",
        "--role-ceiling=viewer", "--network=10.0.0.0/8", "--network=2001:db8::/32",
    )  # fmt: skip
    token = ApiToken.objects.get()
    assert (token.scopes, token.role_ceiling) == (["read", "write"], "viewer")
    assert token.allowed_networks == ["10.0.0.0/8", "2001:db8::/32"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--tenant=nowhere", "--user=ada@people.test"],
        ["--tenant=acme", "--user=nobody@people.test"],
        ["--tenant=globex", "--user=ada@people.test"],
        ["--tenant=acme", "--user=gone@people.test"],
        ["--tenant=acme", "--user=ada@people.test", "--expires-days=366"],
        ["--tenant=acme", "--user=ada@people.test", "--expires-days=99999999999"],
        ["--tenant=acme", "--user=ada@people.test", "--name="],
        ["--tenant=acme", "--user=ada@people.test", "--scope=admin"],
        ["--tenant=acme", "--user=ada@people.test", "--role-ceiling=boss"],
        ["--tenant=acme", "--user=ada@people.test", "--network=10.0.0.1/8"],
    ],
)
def test_a_token_that_cannot_be_is_refused_in_words(
    ada: User, globex: Tenant, arguments: list[str]
) -> None:
    UserFactory.create(email="gone@people.test", is_active=False)
    with pytest.raises(CommandError):
        run("create_api_token", *arguments)
    assert not ApiToken.objects.exists()


def test_a_member_is_added_with_a_password_from_standard_input(
    acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    run("create_user", "--tenant=globex", "--email=Bo@g.test", "--role=admin", "--password-stdin")
    assert not User.objects.exists()
    with tenant_context(globex):
        assert User.objects.get(email="bo@g.test", role="admin").check_password(PASSWORD)


def test_a_member_is_added_with_a_password_from_the_environment(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEW_USER_PASSWORD", PASSWORD)
    run("create_user", "--tenant=acme", "--email=bo@a.test")
    assert User.objects.get().role == "viewer"


@pytest.mark.parametrize("typed", [None, "", "short"])
def test_a_member_needs_a_good_password(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, typed: Any
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed or ''}\n"))
    stdin = [] if typed is None else ["--password-stdin"]
    with pytest.raises(CommandError):
        run("create_user", "--tenant=acme", "--email=bo@a.test", *stdin)
    assert not User.objects.exists()
