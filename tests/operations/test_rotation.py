"""Keys are rotated under load and under kills, and no secret is lost."""

import base64
import random
import threading
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from costinsights.core import crypto
from costinsights.core.tenancy import find_tenant, public_context, tenant_context
from costinsights.costs.models import Cluster
from costinsights.operations import rotation
from costinsights.operations.sealed import sealed_columns
from tenants.models import StaffTotpDevice, StaffUser
from tests.factories.costs import ClusterFactory
from tests.isolation.seeding import tenant_models
from tests.operations.forking import forker, moments

pytestmark = pytest.mark.django_db(transaction=True)
KILLS = 20


def a_key(letter: str) -> str:
    return base64.urlsafe_b64encode(letter.encode() * 32).decode()


@pytest.fixture
def secrets(acme: Any, globex: Any) -> dict[tuple[str, int], str]:
    """Forty clusters with a secret in each of two tenants, under the old key."""
    known = {}
    for tenant in (acme, globex):
        with tenant_context(tenant):
            for number in range(40):
                cluster = ClusterFactory.create(auth_kind="bearer")
                cluster.seal_secret(f"secret {tenant.slug} {number}")
                cluster.save()
                known[tenant.slug, cluster.pk] = cluster.secret
    return known


def opened() -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for slug in ("acme", "globex"):
        with tenant_context(find_tenant(slug)):
            found |= {(slug, cluster.pk): cluster.secret for cluster in Cluster.objects.all()}
    return found


def test_every_secret_opens_with_the_new_key_alone(
    secrets: dict[tuple[str, int], str], settings: Any
) -> None:
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], a_key("n")
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    call_command("rotate_keys", batch=7)
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert opened() == secrets


def test_the_staffs_secrets_are_rotated_too(settings: Any) -> None:
    with public_context():
        staff = StaffUser.objects.create_user("staff@example.test")
        device = StaffTotpDevice.objects.create(staff=staff, sealed_secret="")
        (sealed,) = [s for s in sealed_columns(of_tenants=False) if s.model is StaffTotpDevice]
        place = sealed.place("public", device.pk)
        device.sealed_secret = crypto.seal("JBSWY3DP", aad=place)
        device.save()
    settings.FIELD_ENCRYPTION_KEYS = [a_key("n"), *settings.FIELD_ENCRYPTION_KEYS]
    call_command("rotate_keys")
    device.refresh_from_db()
    assert crypto.key_id_of(device.sealed_secret) == crypto.current_key_id()
    assert crypto.unseal(device.sealed_secret, aad=place) == "JBSWY3DP"


def test_the_check_says_whether_a_key_can_go(
    secrets: dict[tuple[str, int], str], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [a_key("n"), *settings.FIELD_ENCRYPTION_KEYS]
    old = crypto.configured_key_ids()[1]
    call_command("rotate_keys", check=True)
    assert f"{old}: 80 values, still needed" in capsys.readouterr().out
    call_command("rotate_keys")
    assert f"{old}: 0 values, can be removed" in capsys.readouterr().out


def test_values_of_a_key_that_is_gone_are_counted_and_named(
    secrets: dict[tuple[str, int], str], settings: Any
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [a_key("n")]
    with pytest.raises(CommandError, match=r"no configured key opens(.|\n)*costs_cluster"):
        call_command("rotate_keys")
    with pytest.raises(CommandError, match=r"not configured: .*: 80"):
        call_command("rotate_keys", check=True)


def test_a_secret_saved_meanwhile_is_kept(
    secrets: dict[tuple[str, int], str], acme: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [a_key("n"), *settings.FIELD_ENCRYPTION_KEYS]
    with tenant_context(acme):
        cluster = Cluster.objects.first()
        assert cluster is not None
    seal = crypto.seal

    def save_first(plaintext: str, *, aad: str) -> str:
        monkeypatch.setattr(crypto, "seal", seal)
        cluster.seal_secret("typed in meanwhile")
        cluster.save()
        return seal(plaintext, aad=aad)

    monkeypatch.setattr(crypto, "seal", save_first)
    with tenant_context(acme):
        call_command("rotate_keys")
        assert Cluster.objects.get(pk=cluster.pk).secret == "typed in meanwhile"


def test_every_sealed_field_of_every_model_is_found() -> None:
    named = {
        (model._meta.db_table, field.name)
        for model in tenant_models()
        for field in model._meta.fields
        if field.name.startswith("sealed_")
    }
    assert {(s.table, s.field) for s in sealed_columns(of_tenants=True)} == named
    assert len(named) >= 4


@pytest.mark.processes
@pytest.mark.slow
def test_killed_twenty_times_under_load_no_secret_is_lost(
    secrets: dict[tuple[str, int], str], settings: Any
) -> None:
    keys = [a_key("0"), *settings.FIELD_ENCRYPTION_KEYS]
    settings.FIELD_ENCRYPTION_KEYS = keys
    half_way = 0
    stop = threading.Event()
    typist = threading.Thread(target=type_secrets, args=(secrets, stop))
    typist.start()
    with forker() as loaded:
        for number, moment in enumerate(moments(11, 0.6, KILLS)):
            loaded.run("rotate_keys", keys=keys, options={"batch": 5}, kill_after=moment)
            left = len(rotation.values_per_key())
            half_way += left > 1
            if left == 1:  # it was quicker than the kill: begin again with a newer key
                keys = [a_key(chr(ord("a") + number)), *keys]
                settings.FIELD_ENCRYPTION_KEYS = keys
    stop.set()
    typist.join()
    call_command("rotate_keys")
    settings.FIELD_ENCRYPTION_KEYS = keys[:1]
    assert half_way, "no kill came in the middle"
    assert opened() == secrets
    assert rotation.unreadable_values() == []


def type_secrets(secrets: dict[tuple[str, int], str], stop: threading.Event) -> None:
    """Somebody who saves secrets all the time, in acme."""
    chance = random.Random(3)
    try:
        with tenant_context(find_tenant("acme")):
            mine = [pk for slug, pk in secrets if slug == "acme"]
            while not stop.wait(0.01):
                pk = chance.choice(mine)
                cluster = Cluster.objects.get(pk=pk)
                cluster.seal_secret(f"typed {chance.random()}")
                secrets["acme", pk] = cluster.secret
                cluster.save(update_fields=["sealed_secret"])
    finally:
        connection.close()
