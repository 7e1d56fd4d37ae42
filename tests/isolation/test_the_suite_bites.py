"""The same suite with the wall down must fail: a test that cannot fail proves nothing."""

import os
import re
import subprocess
import sys

import pytest

from tests.figures import count
from tests.isolation.conftest import WALL_IS_DOWN


@pytest.mark.processes
@pytest.mark.skipif(
    WALL_IS_DOWN, reason="this test starts that run; within it there is nothing to do"
)
def test_with_the_wall_down_every_kind_of_probe_leaks() -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")
    }
    run = subprocess.run(  # our own interpreter and our own tests
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            "tests/isolation/test_database_faults.py",
            "tests/isolation/test_carriers.py",
        ],
        env={**environment, "ISOLATION_WALL": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    leaks = re.search(r"isolation leaks, wall down: (\d+)", run.stdout)
    probes = re.search(r"isolation probes, wall down: (\d+)", run.stdout)
    assert run.returncode == 1, run.stdout
    assert leaks, run.stdout
    assert probes, run.stdout
    count("isolation probes, wall down", int(probes[1]))
    count("isolation leaks, wall down", int(leaks[1]))
    assert int(leaks[1]) > 50
    for name in (
        "test_another_tenants_tables_by_qualified_name",
        "test_a_search_path_left_behind",
        "test_a_raw_cursor_after_a_switch",
        "test_a_schema_that_does_not_exist",
        "test_a_table_that_is_missing_in_the_tenant",
        "test_becoming_somebody_else",
        "test_a_cached_value_is_not_found_by_another_tenant",
    ):
        assert f"FAILED tests/isolation/{_file_of(name)}::{name}" in run.stdout, name


def _file_of(name: str) -> str:
    return "test_carriers.py" if "cached" in name else "test_database_faults.py"
