"""Which host leads where; anything else gets the same 404."""

import pytest
from django.test import Client

from tenants.models import Domain, Tenant

STRANGERS = [
    "nowhere.localhost",
    "acme.localhost.evil.example",
    "evil.example",
    "acme.evil.example",
    "acme..localhost",
    ".localhost",
    "acme.localhost.",
    "acme.localhost:99999",
    "acme.localhost:0",
    "acme.localhost@evil.example",
    "acme_localhost",
    "127.0.0.1",
    "[::1]",
    "",
    "acme.localhost/",
    "acme.localhost ",
    "xn--acme-.localhost",
    "a" * 300 + ".localhost",
    "acme.local\u017fhost",
]


@pytest.mark.parametrize("host", STRANGERS)
def test_a_stranger_gets_the_one_static_404(acme: Tenant, host: str) -> None:
    answer = Client().get("/sign-in/", HTTP_HOST=host)
    assert answer.status_code == 404
    assert b"There is no workspace at this address" in answer.content


@pytest.mark.parametrize("host", ["acme.localhost", "ACME.localhost", "acme.localhost:8000"])
def test_a_tenants_host_leads_to_it(acme: Tenant, host: str) -> None:
    answer = Client().get("/sign-in/", HTTP_HOST=host)
    assert answer.status_code == 200
    assert b"Acme" in answer.content


def test_a_forwarded_host_is_not_believed(acme: Tenant, globex: Tenant) -> None:
    answer = Client().get(
        "/sign-in/", HTTP_HOST="acme.localhost", HTTP_X_FORWARDED_HOST="globex.localhost"
    )
    assert b"Globex" not in answer.content


def test_a_domain_of_its_own_leads_to_the_tenant(db: None, acme: Tenant) -> None:
    from costinsights.core.tenancy import public_context

    with public_context():
        Domain.objects.create(tenant=acme, domain="costs.acme.example", is_primary=False)
    assert Client().get("/sign-in/", HTTP_HOST="costs.acme.example").status_code == 200


def test_the_staff_site_is_not_on_a_tenants_host(acme: Tenant) -> None:
    for path in ("/admin/", "/tenants/tenant/", "/login/"):
        assert Client().get(path, HTTP_HOST="acme.localhost").status_code == 404


def test_the_platforms_host_sends_on_to_the_staff_host_and_serves_no_administration(
    public_client: Client,
) -> None:
    for path in ("/admin/", "/admin/tenants/tenant/"):
        assert public_client.get(path)["Location"] == "http://admin.localhost/"
    for path in ("/tenants/tenant/", "/login/"):
        assert public_client.get(path).status_code == 404


def test_the_staff_host_leads_to_administration_even_if_a_tenant_has_its_name(
    acme: Tenant,
) -> None:
    from costinsights.core.tenancy import public_context

    with public_context():
        Domain.objects.create(tenant=acme, domain="admin.localhost", is_primary=False)
    answer = Client().get("/login/", HTTP_HOST="admin.localhost")
    assert "Staff sign-in" in answer.content.decode()


def test_the_landing_page_never_says_whether_a_workspace_exists(public_client: Client) -> None:
    answers = [public_client.get("/", {"workspace": slug}) for slug in ("acme", "nowhere")]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert public_client.get("/", {"workspace": "a b"}).status_code == 400
