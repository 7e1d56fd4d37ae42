"""Add a member to a tenant."""

import getpass
import os
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from costinsights.accounts import services
from costinsights.accounts.models import Role
from costinsights.core.commands import TenantCommand

PASSWORD_VARIABLE = "NEW_USER_PASSWORD"  # noqa: S105  the name of the variable


class Command(TenantCommand):
    help = (
        "Add a member to a workspace. The password is read from standard input with "
        f"--password-stdin, from the variable {PASSWORD_VARIABLE}, or asked for on a terminal; it is "
        "never an argument, which other users of the machine could read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="")
        parser.add_argument("--role", choices=Role.values, default=Role.VIEWER.value)
        parser.add_argument("--password-stdin", action="store_true")

    def handle_tenant(self, **options: Any) -> None:
        user = services.create_user(
            email=options["email"],
            name=options["name"],
            role=Role(options["role"]),
            password=_read_password(from_stdin=options["password_stdin"]),
        )
        self.stdout.write(f"{user.email} is now {Role(user.role).label.lower()}.")


def _read_password(*, from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif PASSWORD_VARIABLE in os.environ:
        password = os.environ[PASSWORD_VARIABLE]
    elif sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Password again: ") != password:
            raise CommandError("The two passwords differ.")
    else:
        raise CommandError(f"Give a password with --password-stdin or {PASSWORD_VARIABLE}.")
    if not password:
        raise CommandError("The password is empty.")
    return password
