"""Let somebody on the staff enrol a new authenticator app, when no other superuser can."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import public_context
from tenants.models import StaffUser
from tenants.staff import second_factor


class Command(BaseCommand):
    help = (
        "Forget the authenticator app and the recovery codes of somebody on the staff. They enrol a new app at "
        "their next sign-in; their sessions end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="whose app")
        parser.add_argument("--reason", required=True, help="why; kept in the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        with public_context():
            staff = StaffUser.objects.filter(email=options["email"].strip().lower()).first()
            if staff is None:
                raise CommandError(f"Nobody on the staff has the address {options['email']}.")
            try:
                second_factor.reset(staff, by=None, reason=options["reason"])
            except ApplicationError as error:
                raise CommandError(error.message) from error
        self.stdout.write(f"{staff.email} enrols a new app at the next sign-in.")
