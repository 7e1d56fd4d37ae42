"""Connect a cluster from the command line: test, show the steps, save."""

import os
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from costinsights.core.commands import TenantCommand
from costinsights.costs.drafts import ConnectionDraft, checked_currency, checked_name
from costinsights.costs.models import AuthKind
from costinsights.costs.services import connect_cluster, probe_draft, require_room_for_cluster
from costinsights.opencost.connect import ProbeResult, StepState

_MARKS = {
    StepState.OK: "✓",
    StepState.WARNING: "!",
    StepState.FAILED: "✗",
    StepState.SKIPPED: "–",
}


class Command(TenantCommand):
    """Secrets are read from environment variables, so that they stand in no process list."""

    help = "Test an OpenCost and connect it to a workspace as a cluster."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--name", required=True, help="what people will call the cluster")
        parser.add_argument("--url", required=True, help="OpenCost's address with its path prefix")
        parser.add_argument(
            "--currency", required=True, help="what its prices are in, such as USD (ISO 4217)"
        )
        parser.add_argument("--slug", default="", help="default: made from the name")
        parser.add_argument("--auth", choices=AuthKind.values, default=AuthKind.NONE.value)
        parser.add_argument("--username", default="", help="for --auth basic")
        parser.add_argument("--header", default="", help="name of the header, for --auth header")
        parser.add_argument(
            "--secret-env", default="", metavar="VARIABLE", help="variable that holds the secret"
        )
        parser.add_argument("--ca-bundle", type=_content, help="file with a private CA, PEM")
        parser.add_argument(
            "--client-certificate",
            type=_content,
            help="file with a client certificate, PEM",
        )
        parser.add_argument(
            "--client-key-env", default="", metavar="VARIABLE", help="variable that holds its key"
        )
        parser.add_argument("--scope", default="", help="mandatory OpenCost filter")
        parser.add_argument("--test-only", action="store_true", help="save nothing")

    def handle_tenant(self, **options: Any) -> None:
        now = timezone.now()
        name, currency = checked_name(options["name"]), checked_currency(options["currency"])
        if not options["test_only"]:
            require_room_for_cluster()
        draft = _draft(options).checked()
        result = probe_draft(draft, now=now)
        self._show(result)
        if not result.ok:
            raise CommandError("The connection test failed; nothing was saved.")
        if options["test_only"]:
            return
        cluster = connect_cluster(
            name=name,
            currency=currency,
            slug=options["slug"],
            draft=draft,
            result=result,
            now=now,
        )
        self.stdout.write(self.style.SUCCESS(f"Connected {cluster.name} as “{cluster.slug}”."))

    def _show(self, result: ProbeResult) -> None:
        for step in result.steps:
            self.stdout.write(f"{_MARKS[step.state]} {step.name.value:<12}{step.text}")


def _draft(options: dict[str, Any]) -> ConnectionDraft:
    return ConnectionDraft(
        opencost_url=options["url"],
        auth_kind=AuthKind(options["auth"]),
        auth_username=options["username"],
        auth_header_name=options["header"],
        secret=_from_environment(options["secret_env"]),
        ca_bundle=options["ca_bundle"] or "",
        client_certificate=options["client_certificate"] or "",
        client_key=_from_environment(options["client_key_env"]),
        scope_filter=options["scope"],
    )


def _from_environment(variable: str) -> str | None:
    if not variable:
        return None
    if variable not in os.environ:
        raise CommandError(f"The environment has no variable {variable}.")
    return os.environ[variable]


def _content(path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeError) as error:
        raise ArgumentTypeError(f"{path} cannot be read") from error
