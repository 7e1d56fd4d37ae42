"""`manage.py replay_opencost FILE…`: see recorded OpenCost answers in the dashboard."""

import re
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from costinsights.local.demo_opencost import OpenCostServer
from costinsights.local.replay import NotARecording, Recording


class Command(BaseCommand):
    help = "Serves recorded answers of OpenCost's /allocation until interrupted."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--port", type=int, default=0, help="default: a free one")

    def handle(self, *args: Any, files: list[Path], port: int, **options: Any) -> None:
        recordings: dict[str, Recording] = {}
        for path in files:
            try:
                recordings[_prefix(path, taken=recordings)] = Recording.load(path)
            except (NotARecording, OSError) as error:
                raise CommandError(f"Cannot replay {path}: {error}") from error
        try:
            server = OpenCostServer(recordings, port=port)
        except OSError as error:
            raise CommandError(f"Cannot listen on port {port}: {error}") from error
        with server:
            self.stdout.write("Connect these addresses as clusters; Ctrl-C stops.")
            for prefix, recording in recordings.items():
                rows = sum(len(rows) for rows in recording.sets)
                about = f"cluster id {recording.cluster_id or 'unknown'}, {rows} rows"
                self.stdout.write(f"  {server.url(prefix)}   ({about})")
            self.stdout.flush()
            wait_for_interrupt()


def wait_for_interrupt() -> None:
    """Block until Ctrl-C."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return


def _prefix(path: Path, *, taken: dict[str, Recording]) -> str:
    """A path prefix from a file's name, numbered when two files share one."""
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "recording"
    number, prefix = 1, name
    while prefix in taken:
        number += 1
        prefix = f"{name}-{number}"
    return prefix
