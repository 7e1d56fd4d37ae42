"""Whether planning goes on shows in /readyz."""

import datetime as dt

import time_machine
from django.utils import timezone

from costinsights.core import readiness
from costinsights.core.readiness import State
from costinsights.costs.history.planner import LATE_AFTER_SECONDS, planner_lag
from costinsights.costs.history.tasks import keep_history
from tenants.models import Tenant


def test_every_planning_is_a_sign_of_life(acme: Tenant) -> None:
    assert planner_lag().words == "nothing was planned yet"
    keep_history()
    assert planner_lag().words.startswith("windows were planned")


def test_planning_that_stopped_degrades_the_report(acme: Tenant) -> None:
    keep_history()
    later = timezone.now() + dt.timedelta(seconds=LATE_AFTER_SECONDS + 60)
    with time_machine.travel(later, tick=False):
        finding = planner_lag()
    assert finding.state == State.DEGRADED
    assert "16 minutes ago" in finding.words


def test_the_check_is_among_those_of_readyz(db: None) -> None:
    assert "planner" in readiness.report().findings
