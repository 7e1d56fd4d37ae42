"""The pages of reports, signed in."""

import pytest
from django.test import Client

from costinsights.accounts.models import Role, User
from reporting.models import Period, ReportDefinition, ReportRun
from tests.factories.accounts import UserFactory
from tests.reporting.reports.conftest import Ran

pytestmark = pytest.mark.django_db


def test_a_report_is_run_looked_at_and_downloaded(
    closed: Period, statements: ReportDefinition, analyst: User, ran: Ran
) -> None:
    client = Client(HTTP_HOST="acme.localhost")
    client.force_login(analyst)  # type: ignore[arg-type]  # the stubs know one kind of user
    run = ran(statements, analyst)
    listed = client.get("/reporting/reports/").content.decode()
    assert f"/reporting/runs/{run.pk}/" in listed
    shown = client.get(f"/reporting/runs/{run.pk}/").content.decode()
    assert "Statements of October 2026" in shown
    file = client.get(f"/reporting/runs/{run.pk}/files/1/")
    content = b"".join(file.streaming_content)  # type: ignore[attr-defined]  # a streaming answer
    assert len(content) == run.files[0]["bytes"]
    assert client.get(f"/reporting/runs/{run.pk}/files/9/").status_code == 404
    started = client.post(f"/reporting/reports/{statements.pk}/run/")
    newest = ReportRun.objects.first()
    assert newest
    assert started["Location"] == f"/reporting/runs/{newest.pk}/"
    client.post(f"/reporting/runs/{newest.pk}/cancel/")
    assert ReportRun.objects.get(pk=newest.pk).state == "cancelled"


def test_anothers_run_is_not_there_for_a_viewer(
    closed: Period, statements: ReportDefinition, analyst: User, ran: Ran
) -> None:
    run, client = ran(statements, analyst), Client(HTTP_HOST="acme.localhost")
    client.force_login(UserFactory.create(role=Role.VIEWER))  # type: ignore[arg-type]  # as above
    for place in ("", "files/1/"):
        assert client.get(f"/reporting/runs/{run.pk}/{place}").status_code == 404
    assert f"/reporting/runs/{run.pk}/" not in client.get("/reporting/reports/").content.decode()
