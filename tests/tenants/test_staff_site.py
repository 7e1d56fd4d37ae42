"""Staff sign in at the platform's own host and find tenants, switches and themselves there."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tenants.models import FeatureSwitch, StaffUser, Tenant

URLS = "costinsights.urls_public"
PASSWORD = "correct-horse-battery"


@pytest.fixture
def staff(public_client: Client) -> Client:
    StaffUser.objects.create_superuser("staff@platform.test", PASSWORD)
    page = reverse("admin:login", urlconf=URLS)
    answer = public_client.post(page, {"username": "staff@platform.test", "password": PASSWORD})
    assert answer.status_code == 302
    return public_client


def test_every_page_of_the_staff_site_opens(staff: Client) -> None:
    assert staff.get(reverse("admin:index", urlconf=URLS)).status_code == 200
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert staff.get(reverse(f"{name}_changelist", urlconf=URLS)).status_code == 200
        row = model._default_manager.first()
        if row is not None:
            page = reverse(f"{name}_change", args=[row.pk], urlconf=URLS)
            assert staff.get(page).status_code == 200, page


def test_staff_change_a_plan_and_a_switch(staff: Client) -> None:
    tenant = Tenant.objects.get(slug="globex")
    domain = tenant.domains.get()
    page = reverse("admin:tenants_tenant_change", args=[tenant.pk], urlconf=URLS)
    form = {
        "name": tenant.name,
        "plan": "enterprise",
        "status": "active",
        "reporting_currency": "EUR",
        "domains-TOTAL_FORMS": "1",
        "domains-INITIAL_FORMS": "1",
        "domains-0-id": str(domain.pk),
        "domains-0-tenant": str(tenant.pk),
        "domains-0-domain": domain.domain,
        "domains-0-is_primary": "on",
    }
    answer = staff.post(page, form)
    assert answer.status_code == 302, answer.content
    assert Tenant.objects.get(slug="globex").plan == "enterprise"
    switch = FeatureSwitch.objects.get(name="history")
    page = reverse("admin:tenants_featureswitch_change", args=[switch.pk], urlconf=URLS)
    assert staff.post(page, {"note": "off for now"}).status_code == 302
    assert not FeatureSwitch.objects.get(name="history").active


def test_a_tenant_is_neither_added_nor_removed_as_a_bare_row(staff: Client) -> None:
    tenant = Tenant.objects.get(slug="globex")
    assert staff.get(reverse("admin:tenants_tenant_add", urlconf=URLS)).status_code == 403
    page = reverse("admin:tenants_tenant_delete", args=[tenant.pk], urlconf=URLS)
    assert staff.post(page, {"post": "yes"}).status_code == 403
