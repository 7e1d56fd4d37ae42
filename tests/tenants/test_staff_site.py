"""The staff host: where it is, who gets in, and that every page of it opens."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.tenants.staff import URLS, member, signed_in


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
