"""Mutual TLS from the form, the API and the command to the gateway that asks for it."""

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client

from costinsights.core.errors import InvalidInput
from costinsights.costs.client_certificates import checked_client_certificate, checked_client_key
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.costs.conftest import NOW
from tests.factories.costs import ClusterFactory
from tests.fakes.certificates import Authority, Issued
from tests.fakes.opencost import FakeOpenCost
from tests.fakes.opencost_server import OpenCostServer, serving_opencost

URL = "/api/v1/clusters/"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make()


@pytest.fixture(scope="module")
def ours(authority: Authority) -> Issued:
    return authority.issue("cost-insights")


@pytest.fixture
def gateway(
    authority: Authority, tmp_path: Path, clock: time_machine.Traveller
) -> Iterator[OpenCostServer]:
    """An OpenCost behind a gateway that lets in only who shows a certificate of the authority."""
    context = authority.server_context(tmp_path, "127.0.0.1", clients_of=authority)
    with serving_opencost(FakeOpenCost(), tls=context) as server:
        yield server


@pytest.fixture
def connection(gateway: OpenCostServer, authority: Authority, ours: Issued) -> dict[str, str]:
    """What the form and the API take."""
    return {
        "opencost_url": gateway.url,
        "auth_kind": "none",
        "ca_bundle": authority.pem,
        "client_certificate": ours.certificate_pem,
        "client_key": ours.key_pem,
    }


@pytest.fixture
def stored(acme: Tenant, connection: dict[str, str]) -> Cluster:
    return ClusterFactory.create(name="Prod", slug="prod", currency="EUR", **connection)


def secret_part(key_pem: str) -> str:
    """A line of the key that no certificate has."""
    return key_pem.splitlines()[1]


def post(client: Client, url: str, **body: Any) -> Any:
    return client.post(url, body, content_type="application/json")


def patch(client: Client, **body: Any) -> Any:
    return client.patch(f"{URL}prod/", body, content_type="application/json")


def test_the_connect_pages_keep_the_key_to_themselves(
    admin: Client, connection: dict[str, str], ours: Issued
) -> None:
    first = admin.post("/clusters/connect/", connection)
    confirm = admin.get(first["Location"])
    session = str(dict(admin.session))
    admin.post(first["Location"], {"name": "Production", "currency": "EUR"})

    cluster = Cluster.objects.get()
    edit = admin.get(f"/clusters/{cluster.slug}/").content.decode()
    assert (cluster.client_certificate, cluster.client_key) == (ours.certificate_pem, ours.key_pem)
    seen = confirm.content.decode() + session + edit + repr(cluster) + cluster.sealed_client_key
    assert secret_part(ours.key_pem) not in seen
    assert "Leave empty to keep the stored one" in edit


def test_a_key_in_the_wrong_field_is_refused_and_not_printed_again(
    admin: Client, connection: dict[str, str], ours: Issued
) -> None:
    both = ours.certificate_pem + ours.key_pem

    page = admin.post("/clusters/connect/", {**connection, "client_certificate": both})

    assert page.status_code == 422
    assert "holds a private key" in page.content.decode()
    assert secret_part(ours.key_pem) not in page.content.decode()


def test_the_api_takes_the_key_and_never_answers_it(
    admin: Client, connection: dict[str, str], ours: Issued
) -> None:
    response = post(admin, URL, name="Production", currency="EUR", **connection)

    assert response.status_code == 201, response.json()
    assert response.json()["client_certificate"] == ours.certificate_pem
    assert "client_key" not in response.json()
    assert secret_part(ours.key_pem) not in response.content.decode()
    assert Cluster.objects.get().client_key == ours.key_pem


@pytest.mark.parametrize("shown", ["none", "a stranger's"])
def test_who_is_not_let_in_reads_why(admin: Client, connection: dict[str, str], shown: str) -> None:
    stranger = Authority.make("Somebody else").issue("us")
    given = {"client_certificate": stranger.certificate_pem, "client_key": stranger.key_pem}
    if shown == "none":
        given = {"client_certificate": "", "client_key": ""}

    problem = post(admin, URL, name="P", currency="EUR", **{**connection, **given}).json()

    failed = [step for step in problem["steps"] if step["state"] == "failed"]
    assert [step["name"] for step in failed] == ["credentials"]
    assert "client certificate" in problem["detail"]
    assert not Cluster.objects.exists()


def test_a_stored_certificate_is_shown_again_and_again(admin: Client, stored: Cluster) -> None:
    assert post(admin, f"{URL}prod/test").json()["ok"] is True


def test_a_renewed_certificate_may_keep_its_key(
    admin: Client, stored: Cluster, authority: Authority, ours: Issued
) -> None:
    renewed = authority.issue("cost-insights", key=ours.key)

    accepted = patch(admin, client_certificate=renewed.certificate_pem)
    refused = patch(admin, client_certificate=authority.issue("other").certificate_pem)

    assert accepted.status_code == 200, accepted.json()
    assert refused.json()["field"] == "client_key"
    stored.refresh_from_db()
    assert (stored.client_certificate, stored.client_key) == (renewed.certificate_pem, ours.key_pem)


def test_a_new_address_needs_the_key_again(admin: Client, stored: Cluster) -> None:
    response = patch(admin, opencost_url="https://127.0.0.1:9")

    assert (response.status_code, response.json()["field"]) == (400, "client_key")


def test_taking_the_certificate_away_forgets_the_key(
    admin: Client, demo: Any, stored: Cluster
) -> None:
    changed = patch(admin, client_certificate="", opencost_url=demo.url("prod-eu-1"))

    assert changed.status_code == 200, changed.json()
    stored.refresh_from_db()
    assert (stored.client_certificate, stored.sealed_client_key) == ("", "")


def test_a_certificate_that_expired_in_store_lets_the_rest_be_changed(
    admin: Client, stored: Cluster, authority: Authority, ours: Issued
) -> None:
    old = authority.issue("us", valid_until=NOW - dt.timedelta(days=1), key=ours.key)
    Cluster.objects.update(client_certificate=old.certificate_pem)

    assert patch(admin, name="Renamed").status_code == 200


def test_another_certificate_or_key_is_another_connection(stored: Cluster, ours: Issued) -> None:
    before = stored.fingerprint
    stored.seal_client_key(ours.key_pem)
    assert stored.fingerprint != before

    before = stored.fingerprint
    stored.client_certificate = "another"
    assert stored.fingerprint != before


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"client_key": ""}, "client_key", "Give the private key"),
        ({"client_certificate": ""}, "client_certificate", "Give the certificate"),
        ({"client_certificate": "nonsense"}, "client_certificate", "PEM form"),
        ({"client_key": "nonsense"}, "client_key", "PEM form"),
    ],
)
def test_certificate_and_key_belong_together(
    admin: Client, connection: dict[str, str], change: dict[str, str], field: str, words: str
) -> None:
    problem = post(admin, URL, name="P", currency="EUR", **{**connection, **change}).json()

    assert (problem["status"], problem["field"]) == (400, field)
    assert words in problem["detail"]


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ({"valid_until": NOW - dt.timedelta(days=1)}, "expired on 22 November 2026"),
        ({"valid_from": NOW + dt.timedelta(days=1)}, "not valid before 24 November 2026"),
    ],
)
def test_a_certificate_must_be_valid_today(
    admin: Client,
    connection: dict[str, str],
    authority: Authority,
    dates: dict[str, dt.datetime],
    words: str,
) -> None:
    issued = authority.issue("us", **dates)  # type: ignore[arg-type]  # keys are its two dates
    given = {"client_certificate": issued.certificate_pem, "client_key": issued.key_pem}

    problem = post(admin, URL, name="P", currency="EUR", **{**connection, **given}).json()

    assert problem["field"] == "client_certificate"
    assert words in problem["detail"]


def test_a_key_with_a_password_is_refused_with_the_way_out(ours: Issued) -> None:
    with pytest.raises(InvalidInput, match="openssl pkey") as caught:
        checked_client_key(ours.locked_key_pem("sesame"), certificate=ours.certificate_pem)

    assert caught.value.field == "client_key"


def test_another_certificates_key_is_refused(authority: Authority, ours: Issued) -> None:
    with pytest.raises(InvalidInput, match="another certificate"):
        checked_client_key(authority.issue("other").key_pem, certificate=ours.certificate_pem)


def test_text_around_certificates_and_key_is_left_out(authority: Authority, ours: Issued) -> None:
    chain = ours.certificate_pem + authority.pem
    pasted = "subject=us\r\n" + chain.replace("\n", "\r\n")
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"

    assert checked_client_certificate(pasted) == chain
    assert checked_client_key(parameters + ours.key_pem, certificate=chain) == ours.key_pem


def test_the_command_reads_the_key_from_the_environment(
    acme: Tenant,
    connection: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {name: tmp_path / f"{name}.pem" for name in ("ca_bundle", "client_certificate")}
    for name, file in files.items():
        file.write_text(connection[name])
    options = ["--tenant", "acme", "--name", "Prod", "--currency", "EUR"]
    options += ["--url", connection["opencost_url"], "--ca-bundle", str(files["ca_bundle"])]
    options += ["--client-certificate", str(files["client_certificate"])]
    options += ["--client-key-env", "CLIENT_KEY"]

    monkeypatch.delenv("CLIENT_KEY", raising=False)
    with pytest.raises(CommandError, match="no variable CLIENT_KEY"):
        call_command("connect_cluster", *options, stdout=io.StringIO())
    monkeypatch.setenv("CLIENT_KEY", connection["client_key"])
    call_command("connect_cluster", *options, stdout=io.StringIO())

    assert Cluster.objects.get().client_key == connection["client_key"]
