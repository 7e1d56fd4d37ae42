"""Gunicorn's settings file, `--config python:costinsights.operations.gunicorn`: shared metrics of its workers.

METRICS_DIRECTORY holds a file per worker; it is emptied at start and a worker that ended no longer counts
as having connections.
"""

import os
import shutil
from pathlib import Path
from typing import Any

_DIRECTORY = os.environ.get("METRICS_DIRECTORY", "")


def on_starting(server: Any) -> None:
    """Once, before workers: numbers of an earlier run would never go away."""
    if _DIRECTORY:
        shutil.rmtree(_DIRECTORY, ignore_errors=True)
        Path(_DIRECTORY).mkdir(parents=True)


def child_exit(server: Any, worker: Any) -> None:
    """In the arbiter, when a worker has ended."""
    if _DIRECTORY:
        from prometheus_client import multiprocess  # reads the directory's name when imported

        mark: Any = multiprocess.mark_process_dead  # no types

        mark(worker.pid, path=_DIRECTORY)
