"""Events for the audit log that no row change shows: sign-ins, downloads, looks into a workspace."""

from collections.abc import Mapping
from typing import Any

import structlog

from costinsights.core.actor import current_actor

log = structlog.get_logger(__name__)


def record_event(
    action: str, *, target: str = "", details: Mapping[str, Any] | None = None
) -> None:
    """Write `action` (such as `sign_in.succeeded`) to the audit log of the current schema.

    `target` names what it was about, `details` is JSON without secrets. Part of the surrounding
    transaction.
    """
    actor = current_actor()
    log.info("audit", action=action, target=target, details=dict(details or {}), actor=actor.label)
