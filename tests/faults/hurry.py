"""Loaded into the programs under test, so that what the product waits for takes seconds, not minutes.

Workers get leases of two seconds, and a lost wake-up keeps the next one away for one second (`celery worker
--include`); beat (`celery --app`) has the product's tick every half second. Nothing else differs: the code that plans,
claims, reads and writes is the product's.
"""

import datetime as dt
from typing import Final

from celery.signals import worker_process_init

from costinsights.celery import app

LEASE: Final = dt.timedelta(seconds=2)
_TICK = "read what is due"

app.conf.beat_schedule = {_TICK: {**app.conf.beat_schedule[_TICK], "schedule": 0.5}}


@worker_process_init.connect
def _shorten_leases(**_: object) -> None:
    from costinsights.core import tasks  # needs the apps to be loaded
    from costinsights.costs.history import ledger

    vars(ledger)["LEASE"] = LEASE
    vars(tasks)["_WAITS_SECONDS"] = 1  # a wake-up that was lost with its worker
