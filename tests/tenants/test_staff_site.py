"""The staff host: where it is, who gets in, and that every page of it opens."""

import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tenants.models import Tenant
from tests.tenants.staff import HOST, URLS, member, signed_in


@pytest.fixture
def superuser(db: None) -> Client:
    return signed_in(member("root@platform.test", superuser=True))


def test_every_page_of_the_staff_site_opens(superuser: Client) -> None:
    assert superuser.get("/").status_code == 200
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        answer = superuser.get(reverse(f"{name}_changelist", urlconf=URLS))
        assert answer.status_code == 200, name
        row = model._default_manager.first()
        if row is not None:
            page = reverse(f"{name}_change", args=[row.pk], urlconf=URLS)
            assert superuser.get(page, follow=True).status_code == 200, page


def policy(client: Client, path: str) -> dict[str, str]:
    header = client.get(path)["Content-Security-Policy"]
    return dict(part.strip().partition(" ")[::2] for part in header.split(";"))


def test_only_pages_behind_the_second_factor_may_evaluate_and_nothing_else_is_opened(
    superuser: Client,
) -> None:
    strict = policy(Client(HTTP_HOST=HOST), "/login/")
    inside = policy(superuser, "/")
    assert "unsafe" not in str(strict)
    assert inside.pop("script-src") == "'self' 'unsafe-eval'"
    assert {**inside, "script-src": "'self'"} == strict


def test_pages_hold_no_inline_script_and_no_inline_style(superuser: Client) -> None:
    tenant = Tenant.objects.get(slug="acme")
    for path in ("/", "/tenants/jobfailure/", f"/tenants/tenant/{tenant.pk}/change/"):
        shown = superuser.get(path).content.decode()
        assert "<style" not in shown, path
        assert " style=" not in shown, path
        assert not re.search(r"<script(?![^>]*\bsrc=)", shown), path


def test_libraries_bring_no_screens_of_their_own(superuser: Client) -> None:
    for path in ("/waffle/flag/", "/waffle/sample/", "/axes/accessattempt/"):
        assert superuser.get(path).status_code == 404
