"""The doctor: asks about everything the installation rests on. Each line it gives has a level and the way out."""

from django.db import connection

from costinsights.core.tenancy import public_context
from costinsights.operations.doctor import database, surroundings, tenants
from costinsights.operations.doctor.lines import Level, Line, Question

__all__ = ["QUESTIONS", "Level", "Line", "Question", "examine"]

# What is asked, in order.
QUESTIONS: list[Question] = [
    surroundings.settings_are_safe,
    database.database_roles,
    tenants.wall_of_each_tenant,
    tenants.tenants_being_deleted,
    database.migrations_are_applied,
    tenants.schemas_are_alike,
    surroundings.redis_keeps_what_it_is_given,
    surroundings.beat_and_worker_are_alive,
    surroundings.clocks_agree,
    surroundings.mail_can_be_sent,
    database.stored_secrets_open,
    surroundings.domains_resolve,
    database.postgres_is_set_up,
]


def examine() -> list[Line]:
    """Every line of every question. A question that raises is a problem of its own."""
    lines: list[Line] = []
    for ask in QUESTIONS:
        subject = ask.__name__.replace("_", " ")
        try:
            with public_context():
                lines += list(ask()) or [Line(subject, Level.OK, "in order")]
        except Exception as error:  # noqa: BLE001  # the doctor goes on whatever it meets
            lines.append(
                Line(
                    subject,
                    Level.PROBLEM,
                    f"could not be looked at: {type(error).__name__}: {error}",
                )
            )
        finally:
            connection.close()
    return lines
