"""What this package gives to the core, which does not know it: limits, and the guard of jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from costinsights.core.jobs import JobSkipped, register_around_jobs
from costinsights.core.limits import register_limits
from tenants.features import Access, Feature, decide
from tenants.limits import PlanLimitSource
from tenants.models.standing import remembered


@contextmanager
def _with_the_plan(task: Any) -> Iterator[None]:
    """A job that names a feature runs only where it is open: read-only data are not worked on."""
    with remembered():
        feature: Feature | None = getattr(task, "feature", None)
        if feature is not None:
            decision = decide(feature)
            if decision.access is not Access.OPEN:
                raise JobSkipped(
                    "feature_not_open",
                    feature=feature.value,
                    access=decision.access.value,
                    because=decision.because.value,
                )
        yield


def connect() -> None:
    """Called when the apps are ready."""
    register_limits(PlanLimitSource())
    register_around_jobs(_with_the_plan)
