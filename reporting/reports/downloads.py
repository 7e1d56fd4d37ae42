"""Handing out a file of a run, whoever asks: the API by a signed link, pages by who is signed in."""

import datetime as dt
from contextlib import ExitStack

from django.http import StreamingHttpResponse

from costinsights.accounts.models import User
from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict
from costinsights.core.tenancy import current_tenant
from reporting import files
from reporting.downloads import streamed
from reporting.models import ReportRun
from reporting.reports.kept import file_of


def run_file(
    run: ReportRun, number: int, *, member: User, now: dt.datetime
) -> StreamingHttpResponse:
    """The file, logged before its first byte. Raises NotFound, Conflict when it is past its time or damaged."""
    noted = file_of(run, number, member=member, now=now)
    stack = ExitStack()
    try:
        file = stack.enter_context(files.opened(current_tenant().slug, str(noted["sha256"])))
    except (files.FileGone, files.FileChanged) as error:
        raise Conflict("The file is damaged or gone. Run the report again.") from error
    name = str(noted["name"])
    record_event(
        "report.downloaded",
        target=name,
        target_id=str(run.pk),
        details={"format": noted["format"], "sha256": noted["sha256"]},
    )
    answer = streamed(file, stack, name, str(noted["content_type"]))
    answer["Content-Length"] = str(noted["bytes"])
    answer["ETag"] = f'"{noted["sha256"]}"'
    return answer
