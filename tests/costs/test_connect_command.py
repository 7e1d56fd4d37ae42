"""manage.py connect_cluster: the same test and the same rules, on a terminal."""

import io

import pytest
from django.core.management import CommandError, call_command

from costinsights.costs.models import Cluster
from costinsights.local.demo_opencost import DEMO_TOKEN, DemoServer, Fault
from tenants.models import Tenant
from tests.costs.conftest import PROD


def connect(demo: DemoServer, *more: str) -> str:
    out = io.StringIO()
    options = ["--tenant", "acme", "--name", "Production", "--currency", "eur"]
    call_command("connect_cluster", *options, "--url", demo.url(PROD), *more, stdout=out)
    return out.getvalue()


def test_it_prints_the_steps_and_saves(acme: Tenant, demo: DemoServer) -> None:
    printed = connect(demo)

    assert "✓ opencost" in printed
    assert Cluster.objects.get().currency == "EUR"


def test_a_failed_test_saves_nothing(acme: Tenant, demo: DemoServer) -> None:
    demo.fault = Fault.DOWN

    with pytest.raises(CommandError, match="nothing was saved"):
        connect(demo)

    assert not Cluster.objects.exists()


def test_the_secret_comes_from_the_environment(
    acme: Tenant, demo: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo.fault = Fault.UNAUTHORIZED
    monkeypatch.setenv("OPENCOST_TOKEN", DEMO_TOKEN)

    connect(demo, "--auth", "bearer", "--secret-env", "OPENCOST_TOKEN")

    assert Cluster.objects.get().secret == DEMO_TOKEN


def test_test_only_saves_nothing(acme: Tenant, demo: DemoServer) -> None:
    connect(demo, "--test-only")

    assert not Cluster.objects.exists()
