#!/usr/bin/env python
"""Django's command line for Cost Insights."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "costinsights.settings")
    from costinsights.core.actor import acting_as  # the settings must have their name first
    from costinsights.core.commands import actor_named

    with acting_as(actor_named(sys.argv[1] if len(sys.argv) > 1 else "help")):
        execute_from_command_line(sys.argv)
