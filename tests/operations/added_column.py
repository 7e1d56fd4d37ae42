"""A migration that is on no disk: one more column of clusters. For tests, killed processes and benchmarks.

    python -m tests.operations.added_column PARALLEL

runs migrate_schemas with it, on the database of the environment.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

KEY = ("costs", "9000_added_column")
COLUMN = "added_note"


@contextmanager
def added_column(*more: Any) -> Iterator[None]:
    """Inside the block, this release brings the migration; `more` are further operations of it."""
    from django.db import migrations, models
    from django.db.migrations.loader import MigrationLoader

    load_disk = MigrationLoader.load_disk

    def with_one_more(self: MigrationLoader) -> None:
        load_disk(self)
        disk = self.disk_migrations
        depended_on = {key for migration in disk.values() for key in migration.dependencies}
        leaf = next(key for key in disk if key[0] == KEY[0] and key not in depended_on)
        added = type("Migration", (migrations.Migration,), {})(KEY[1], KEY[0])
        added.dependencies = [leaf]
        added.operations = [
            migrations.AddField("cluster", COLUMN, models.TextField(db_default="")),
            # An index of its own is SQL that Django defers to the migration's end.
            migrations.AddField(
                "cluster", "added_number", models.IntegerField(null=True, db_index=True)
            ),
            *more,
        ]
        disk[KEY] = added

    with mock.patch.object(MigrationLoader, "load_disk", with_one_more):
        yield


def main(parallel: int) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    with added_column():
        print("begin", flush=True)  # noqa: T201  # the test waits for it
        call_command("migrate_schemas", parallel=parallel)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "costinsights.settings"
    main(int(sys.argv[1]))
