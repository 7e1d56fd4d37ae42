"""Look at everything the installation rests on."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from costinsights.operations.doctor import Level, examine

_MARKS = {Level.OK: "OK     ", Level.WARNING: "warning", Level.PROBLEM: "PROBLEM"}


class Command(BaseCommand):
    help = "Name what is misconfigured, with the way out. Ends with 1 when there is a problem."
    requires_system_checks = ()  # it runs them itself and goes on

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the lines as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = examine()
        problems = sum(line.level == Level.PROBLEM for line in lines)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(line) for line in lines], indent=1))
        else:
            for line in lines:
                self.stdout.write(f"{_MARKS[line.level]}  {line.subject}: {line.words}")
                if line.way_out:
                    self.stdout.write(f"         → {line.way_out}")
            self.stdout.write(f"{problems} problems in {len(lines)} lines.")
        if problems:
            raise SystemExit(1)
