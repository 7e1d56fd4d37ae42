"""Events for the audit log that no row change shows: sign-ins, downloads, looks into a workspace."""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from costinsights.core.actor import current_actor, storable

log = structlog.get_logger(__name__)


def record_event(
    action: str, *, target: str = "", target_id: str = "", details: Mapping[str, Any] | None = None
) -> None:
    """Write `action` (such as `sign_in.succeeded`) to the audit log of the current schema.

    `target` names what it was about for people, `target_id` is its key; `details` is JSON without
    secrets. Part of the surrounding transaction: what is rolled back is not in the log. Raises
    DatabaseError for an action that is not `noun.verb`.
    """
    written = json.dumps(_storable(dict(details or {})), cls=DjangoJSONEncoder)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record_audit_event(%s, %s, %s, %s::jsonb)",
            [action, storable(target_id), storable(target), written],
        )
    log.info("audit", action=action, target=target, actor=current_actor().label)


def _storable(value: Any) -> Any:
    """The same value with texts that Postgres takes, whatever a client sent."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(name)): _storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_storable(item) for item in value]
    return value
