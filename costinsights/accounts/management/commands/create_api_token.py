"""Make an API token for a member and print it."""

import datetime as dt
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from costinsights.accounts import token_services
from costinsights.accounts.models import (
    TOKEN_LIFETIME_DEFAULT,
    TOKEN_LIFETIME_MAX,
    Role,
    Scope,
    User,
)
from costinsights.core.commands import TenantCommand


class Command(TenantCommand):
    help = "Make an API token that acts as a member. Prints the token, and nothing else, to stdout."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--user", required=True, metavar="EMAIL")
        parser.add_argument("--name", default="command line")
        parser.add_argument(
            "--expires-days",
            type=int,
            choices=range(1, TOKEN_LIFETIME_MAX.days + 1),
            default=TOKEN_LIFETIME_DEFAULT.days,
            metavar="1…365",
        )
        parser.add_argument(
            "--scope", action="append", choices=Scope.values, help="repeatable; default: read"
        )
        parser.add_argument(
            "--role-ceiling",
            choices=Role.values,
            default="",
            help="the most it may do, whatever its member may; default: the member's own role",
        )
        parser.add_argument(
            "--network",
            action="append",
            default=[],
            metavar="CIDR",
            help="a network it may be used from; repeatable; default: from anywhere",
        )

    def handle_tenant(self, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(options["user"])
        except User.DoesNotExist as error:
            raise CommandError(f"There is no member {options['user']}.") from error
        if not user.is_active:
            raise CommandError(f"{user.email} is deactivated.")
        new = token_services.create_token(
            user=user,
            name=options["name"],
            scopes=options["scope"] or [Scope.READ],
            role_ceiling=options["role_ceiling"],
            networks=options["network"],
            lifetime=dt.timedelta(days=options["expires_days"]),
            at=timezone.now(),
        )
        self.stdout.write(new.text)
