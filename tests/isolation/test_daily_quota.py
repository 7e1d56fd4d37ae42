"""Every endpoint counts against the day's calls, or says why it does not."""

from typing import Any

import pytest
from django.test import RequestFactory

from costinsights.core.api.quota import DailyQuota
from tests.figures import count
from tests.isolation.test_feature_gates import View, views

# Answered also when the day's calls are used up, and therefore not counted.
UNCOUNTED = {
    "api-plan": "here a program learns that its calls are used up",
    "api-features": "as the plan",
    "api-usage": "as the plan",
    "api-trial": "the way out of a limit that is reached",
    "api-schema": "the API's description, open to everybody",
    "api-docs": "the API's description, open to everybody",
}
ENDPOINTS = [view for view in views() if view.is_api and view.route.name not in UNCOUNTED]


def throttles(view: View, method: str) -> list[Any]:
    endpoint = view.cls()
    endpoint.request = RequestFactory().generic(method, "/")
    return list(endpoint.get_throttles())


@pytest.mark.parametrize("view", ENDPOINTS, ids=lambda view: view.route.name)
def test_an_endpoint_counts_every_call(view: View) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        kinds = [type(throttle) for throttle in throttles(view, method)]
        count("endpoints × methods that count against the day's calls")
        assert DailyQuota in kinds, f"{method} {view.route.path}"


def test_what_is_not_counted_exists() -> None:
    assert set(UNCOUNTED) <= {view.route.name for view in views()}
