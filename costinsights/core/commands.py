"""Management commands that work inside one tenant."""

import getpass
from abc import ABC, abstractmethod
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from costinsights.core.actor import Actor, ActorKind, acting_as
from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import find_tenant, tenant_context


def command_actor(command: BaseCommand) -> Actor:
    """A command in the audit log: its name, and the system user who ran it where there is one."""
    return actor_named(type(command).__module__.rpartition(".")[2])


def actor_named(command: str) -> Actor:
    """As `command_actor`, before Django has found the command."""
    try:
        label = f"command {command} by {getpass.getuser()}"
    except (KeyError, OSError):
        label = f"command {command}"  # a container's user without a name
    return Actor(ActorKind.SYSTEM, identifier=command[:64], label=label)


class TenantCommand(BaseCommand, ABC):
    """A command with a required `--tenant SLUG`; `handle_tenant` runs inside that tenant.

    An ApplicationError ends the command with its sentence on stderr and exit code 1.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="SLUG", help="the workspace's slug")

    def handle(self, *args: Any, **options: Any) -> str | None:
        try:
            with (
                acting_as(command_actor(self)),
                tenant_context(find_tenant(options.pop("tenant"))),
            ):
                return self.handle_tenant(**options)
        except ApplicationError as error:
            raise CommandError(error.message) from error

    @abstractmethod
    def handle_tenant(self, **options: Any) -> str | None:
        """What the command does; the connection speaks for the tenant."""
