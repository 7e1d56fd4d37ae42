"""Check audit logs: that no entry was changed, removed, added or put elsewhere."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from costinsights.core.audit_chain import Verdict
from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import find_tenant, public_context
from costinsights.workspace.audit.checks import verify_platform, verify_tenant
from tenants.models import Tenant, TenantStatus


class Command(BaseCommand):
    help = (
        "Check the hash chain of audit logs and print where each ends. Exit code 1 if one is broken. "
        "A tenant's log is also held to what the platform's log noted of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--tenant", metavar="SLUG", help="the workspace's slug")
        which.add_argument("--platform", action="store_true", help="the platform's own log")
        which.add_argument(
            "--all", action="store_true", help="the platform's and every workspace's"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for name, verdict in self._verdicts(options):
            self.stdout.write(_line(name, verdict))
            broken += not verdict.holds
        if broken:
            raise CommandError(f"{broken} audit log{'s' if broken > 1 else ''} broken.")

    def _verdicts(self, options: dict[str, Any]) -> "list[tuple[str, Verdict]]":
        found = []
        if options["platform"] or options["all"]:
            found.append(("platform", verify_platform()))
        if options["tenant"]:
            try:
                found.append((options["tenant"], verify_tenant(find_tenant(options["tenant"]))))
            except ApplicationError as error:
                raise CommandError(error.message) from error
        if options["all"]:
            with public_context():
                tenants = list(Tenant.objects.exclude(status=TenantStatus.DELETING))
            found += [(tenant.slug, verify_tenant(tenant)) for tenant in tenants]
        return found


def _line(name: str, verdict: Verdict) -> str:
    if verdict.holds:
        return f"{name}: holds up to entry {verdict.sequence}, {verdict.hash}"
    return f"{name}: BROKEN. {verdict.problem}"
