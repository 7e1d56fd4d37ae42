"""A setting that would open the wall stops the start, and says what to do."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from pytest_django import Settings

from tenants.checks import (
    LONGEST_SWITCH_CACHE,
    login_role_findings,
    refuse_unsafe_start,
    settings_keep_the_wall,
)
from tenants.models.standing import REMEMBERED_SECONDS
from tests.database import admin_connection

DATABASE = django_settings.DATABASES["default"]
CACHE = django_settings.CACHES["default"]
SHARED = django_settings.CACHES["shared"]

FORBIDDEN: list[tuple[str, str, Any]] = [
    ("E001", "DATABASES", {"default": {**DATABASE, "ENGINE": "django_tenants.postgresql_backend"}}),
    ("E002", "TENANT_LIMIT_SET_CALLS", True),
    ("E003", "DATABASES", {"default": {**DATABASE, "ATOMIC_REQUESTS": False}}),
    ("E004", "DATABASES", {"default": {**DATABASE, "CONN_MAX_AGE": 60}}),
    ("E005", "SHOW_PUBLIC_IF_NO_TENANT_FOUND", True),
    ("E006", "TENANT_APPS", [*django_settings.TENANT_APPS, "django.contrib.auth"]),
    ("E007", "MIDDLEWARE", list(reversed(django_settings.MIDDLEWARE))),
    (
        "E008",
        "MIDDLEWARE",
        [*django_settings.MIDDLEWARE, "django.middleware.cache.FetchFromCacheMiddleware"],
    ),
    ("E009", "CACHES", {**django_settings.CACHES, "default": {"BACKEND": CACHE["BACKEND"]}}),
    ("E010", "WAFFLE_CACHE_NAME", "default"),
    ("E011", "SESSION_COOKIE_DOMAIN", ".localhost"),
    ("E011", "CSRF_COOKIE_DOMAIN", ".localhost"),
    ("E012", "CELERY_ACCEPT_CONTENT", ["json", "pickle"]),
    ("E013", "CELERY_TASK_TIME_LIMIT", 1000),
    ("E014", "FIELD_ENCRYPTION_KEYS", []),
    ("E015", "PG_EXTRA_SEARCH_PATHS", ["extensions"]),
    ("E030", "STAFF_HOST", "localhost"),
    ("E030", "STAFF_HOST", "https://admin.localhost"),
    ("E030", "STAFF_HOST", "admin.localhost:8000"),
    ("E031", "DEMO_STAFF", "staff@costinsights.test"),
    ("E016", "CACHES", {**django_settings.CACHES, "shared": {**SHARED, "TIMEOUT": 300}}),
    ("E016", "CACHES", {**django_settings.CACHES, "shared": {**SHARED, "TIMEOUT": None}}),
]


def test_the_products_own_settings_pass() -> None:
    assert settings_keep_the_wall() == []


@pytest.mark.parametrize(("number", "name", "value"), FORBIDDEN)
# Django warns when DATABASES is overridden: nothing here connects with it.
@pytest.mark.filterwarnings("ignore:Overriding setting")
def test_each_forbidden_setting_is_found_with_a_way_out(
    settings: Settings, number: str, name: str, value: Any
) -> None:
    setattr(settings, name, value)
    found = settings_keep_the_wall()
    assert [item.id for item in found] == [f"tenants.{number}"]
    assert found[0].hint


def test_a_server_process_does_not_start_behind_a_broken_wall(settings: Settings) -> None:
    settings.TENANT_LIMIT_SET_CALLS = True
    with pytest.raises(SystemExit, match="TENANT_LIMIT_SET_CALLS"):
        refuse_unsafe_start()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "attribute", ["SUPERUSER", "INHERIT", "BYPASSRLS", "CREATEROLE", "CREATEDB"]
)
def test_a_login_role_with_rights_of_its_own_is_refused(attribute: str) -> None:
    assert login_role_findings() == []
    login = connection.settings_dict["USER"]
    with admin_connection() as admin:
        admin.execute(f"ALTER ROLE {login} {attribute}")
        try:
            (finding,) = login_role_findings()
        finally:
            admin.execute(f"ALTER ROLE {login} NO{attribute}")
    assert attribute in finding.msg


def test_a_switch_changed_by_raw_sql_arrives_within_a_minute() -> None:
    """What the cache keeps and what a request or a job remembers, one after the other."""
    kept_for: Any = SHARED["TIMEOUT"]
    assert kept_for == django_settings.SWITCH_CACHE_SECONDS
    assert kept_for + REMEMBERED_SECONDS <= 60
    assert LONGEST_SWITCH_CACHE + REMEMBERED_SECONDS <= 60
