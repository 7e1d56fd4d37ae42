"""Plans and trials from the command line."""

import pytest
from django.core.management import CommandError, call_command

from costinsights.core.tenancy import find_tenant
from tenants.models import Tenant


def test_a_downgrade_says_until_when_one_can_read(
    acme: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("change_plan", tenant="acme", plan="saas", reason="their wish")
    said = capsys.readouterr().out
    assert "Acme has the SaaS plan now. What only Enterprise has is read-only until" in said
    assert find_tenant("acme").plan == "saas"


def test_an_upgrade_says_the_plan(globex: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("change_plan", tenant="globex", plan="enterprise", reason="they bought it")
    assert "Globex has the Enterprise plan now." in capsys.readouterr().out


def test_a_trial_says_when_it_ends(globex: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("start_trial", tenant="globex", plan="enterprise", days=3, reason="asked for it")
    assert "Globex has the Enterprise plan on trial until" in capsys.readouterr().out


def test_a_trial_of_what_it_has_already_is_refused_in_a_sentence(globex: Tenant) -> None:
    with pytest.raises(CommandError, match="only a greater one can be tried"):
        call_command("start_trial", tenant="globex", plan="saas", reason="by mistake")
