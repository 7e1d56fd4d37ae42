"""Jobs that run at once."""

from collections.abc import Iterator

import pytest

from costinsights.celery import app


@pytest.fixture
def eager() -> Iterator[None]:
    """Sent jobs run at once, through Celery's own tracing: signals, retries and all."""
    app.conf.update(task_always_eager=True)
    yield
    app.conf.update(task_always_eager=False)
