"""Jobs of this app, found here by Celery."""

from costinsights.workspace.plan.tasks import measure_usage, tell_trial_ends
from costinsights.workspace.support.tasks import tell_owners_of_support

__all__ = ["measure_usage", "tell_owners_of_support", "tell_trial_ends"]
