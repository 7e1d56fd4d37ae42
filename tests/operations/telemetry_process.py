"""A request and a job that fail, in a process of their own: the libraries patch Django and Celery for good."""

from typing import Any

import django

SECRET = "hunter2-of-the-request"
TENANT = "acme"  # apart from its domain: reports hold the lines of code around an error


def main() -> None:
    from django.conf import settings

    plain_files = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": plain_files}}
    django.setup()
    from celery import shared_task
    from django.http import HttpRequest, HttpResponse
    from django.test import Client
    from django.urls import path

    from costinsights import urls
    from costinsights.core.tasks import TENANT_HEADER, TenantTask
    from costinsights.core.tenancy import find_tenant, tenant_context
    from costinsights.operations import telemetry

    telemetry.start()

    def broken(request: HttpRequest, one_time: str) -> HttpResponse:
        password = SECRET
        raise ValueError(f"no good: password={password}")

    @shared_task(base=TenantTask, name="tests.broken_job")
    def broken_job() -> None:
        raise LookupError("the job has no good")

    urls.urlpatterns.append(path("broken/<str:one_time>/", broken, name="broken"))
    client = Client(HTTP_HOST=f"{TENANT}.localhost", raise_request_exception=False)
    client.get(
        f"/broken/{SECRET}/?token={SECRET}",
        HTTP_COOKIE=f"session={SECRET}",
        HTTP_AUTHORIZATION=f"Bearer {SECRET}",
        HTTP_X_REQUEST_ID="trace-12345",
        REMOTE_ADDR="203.0.113.7",
    )
    acme = find_tenant(TENANT)
    with tenant_context(acme):
        headers: dict[str, Any] = {TENANT_HEADER: acme.pk}
        broken_job.apply(headers=headers)
    telemetry.flush()
    if settings.SENTRY_DSN:
        import sentry_sdk

        sentry_sdk.flush(5)


if __name__ == "__main__":
    main()
