"""Jobs of this app, found here by Celery."""

from costinsights.workspace.support.tasks import tell_owners_of_support

__all__ = ["tell_owners_of_support"]
