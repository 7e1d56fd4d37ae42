"""Suspending, resuming and deleting from the command line."""

import pytest
from django.core.management import CommandError, call_command

from costinsights.core.tenancy import TenantMissing, find_tenant
from tenants.services import create_tenant


def test_a_tenant_is_suspended_and_resumed(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("suspend_tenant", tenant="acme")
    assert find_tenant("acme").status == "suspended"
    call_command("resume_tenant", tenant="acme")
    assert find_tenant("acme").status == "active"
    assert "Acme is active." in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_a_tenant_is_deleted_only_when_its_slug_is_repeated() -> None:
    create_tenant(name="Initech", slug="initech")
    with pytest.raises(CommandError, match="Nothing was deleted"):
        call_command("delete_tenant", tenant="initech", confirm="acme")
    assert find_tenant("initech").slug == "initech"
    call_command("delete_tenant", tenant="initech", confirm="initech")
    with pytest.raises(TenantMissing):
        find_tenant("initech")


@pytest.mark.parametrize("command", ["suspend_tenant", "resume_tenant"])
def test_an_unknown_tenant_is_named(db: None, command: str) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        call_command(command, tenant="nowhere")
