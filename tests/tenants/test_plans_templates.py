"""`{% feature %}` in a template says how far a feature is open to the tenant of now."""

import datetime as dt

import pytest
from django.template import Context, Template

from tenants.models import Tenant
from tenants.trials import change_plan

TEMPLATE = '{% load plans %}{% feature "reporting" as access %}{{ access }}'


def drawn(text: str = TEMPLATE) -> str:
    return Template(text).render(Context())


def test_a_template_asks_for_the_tenant_of_now(acme: Tenant) -> None:
    assert drawn() == "open"
    change_plan(tenant=acme, plan="saas", at=dt.datetime.now(dt.UTC), reason="their wish")
    assert drawn() == "read_only"


def test_a_misspelt_feature_is_an_error_not_a_closed_door(acme: Tenant) -> None:
    with pytest.raises(ValueError, match="no_such_feature"):
        drawn('{% load plans %}{% feature "no_such_feature" as access %}')
