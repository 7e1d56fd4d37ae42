"""The commands of the API guide, run as they stand against a live server; the answers printed there are compared."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_django.live_server_helper import LiveServer

from costinsights.accounts.models import Role, Scope
from costinsights.local.demo_opencost import DemoServer
from tenants.models import Tenant
from tests.docs.pages import CONTENT
from tests.factories.accounts import UserFactory, token_of
from tests.factories.costs import ClusterFactory

_BLOCK = re.compile(
    r"^```(bash|json)(?: title=\"([^\"]*)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
# Stands in for curl: the real one, quiet, with the status of each answer on standard error.
_CURL = """#!/bin/sh
exec {curl} --silent --show-error --max-time 60 --write-out '%{{stderr}}%{{http_code}}\\n' "$@"
"""


@dataclass(frozen=True)
class Example:
    """A command of the guide, the statuses it promises and the answer printed below it."""

    place: str
    command: str
    status: int | None
    answer: Any


def examples() -> list[Example]:
    found = []
    for path in sorted((CONTENT / "api").glob("*.md")):
        blocks = _BLOCK.findall(path.read_text())
        for index, (kind, title, text) in enumerate(blocks):
            if kind != "bash" or "curl " not in text:
                continue
            promised = re.match(r"Answers (\d{3})", title)
            follows = blocks[index + 1] if index + 1 < len(blocks) else ("", "", "")
            answer = json.loads(follows[2]) if follows[0] == "json" else None
            status = int(promised[1]) if promised else None
            found.append(Example(f"{path.name}:{index}", text, status, answer))
    return found


def lacking(promised: Any, given: Any, place: str = "") -> list[str]:
    """What the guide shows and the answer does not have, by place. Values may differ, kinds may not."""
    if isinstance(promised, dict) and isinstance(given, dict):
        missing = [f"{place}.{name}" for name in promised if name not in given]
        for name in promised.keys() & given.keys():
            missing += lacking(promised[name], given[name], f"{place}.{name}")
        return missing
    if isinstance(promised, list) and isinstance(given, list):
        return lacking(promised[0], given[0], f"{place}[0]") if promised and given else []
    if promised is None or given is None or type(promised) is type(given):
        return []
    return [f"{place}: {type(given).__name__}, not {type(promised).__name__}"]


@pytest.fixture
def shell(live_server: LiveServer, acme: Tenant, tmp_path: Path) -> Any:
    """Runs a command of the guide. Returns what it printed and the statuses of its answers."""
    viewer = UserFactory.create(email="viewer@acme.test", role=Role.VIEWER)
    admin = UserFactory.create(email="owner@acme.test", role=Role.OWNER)
    real = shutil.which("curl")
    assert real, "the guide's commands are run as they stand: install curl"
    curl = tmp_path / "curl"
    curl.write_text(_CURL.format(curl=real))
    curl.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "TOKEN": token_of(viewer),
        "WRITE_TOKEN": token_of(admin, *Scope),
    }
    port = urlsplit(live_server.url).port

    def run(command: str) -> tuple[str, list[int]]:
        here = command.replace("acme.localhost:8000", f"acme.localhost:{port}")
        done = subprocess.run(  # noqa: S603  # our own documentation
            ["/bin/bash", "-euo", "pipefail", "-c", here],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, [int(line) for line in done.stderr.split()]

    return run


def test_there_are_examples_to_run() -> None:
    assert len(examples()) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("example", examples(), ids=lambda example: example.place)
def test_a_command_of_the_guide_does_what_it_says(example: Example, shell: Any) -> None:
    with DemoServer(["prod-eu-1", "staging-us-1"]) as demo:
        for slug, cluster in (("prod", "prod-eu-1"), ("staging", "staging-us-1")):
            ClusterFactory.create(slug=slug, opencost_url=demo.url(cluster))
        printed, statuses = shell(example.command)
    assert statuses, "no request was made"
    if example.status is None:
        assert all(200 <= status < 300 for status in statuses)
    else:
        assert set(statuses) == {example.status}
    if example.answer is not None:
        assert lacking(example.answer, json.loads(printed)) == []


@pytest.mark.slow
def test_the_second_attempt_is_answered_from_the_first(shell: Any) -> None:
    [example] = [one for one in examples() if "Idempotency-Key" in one.command]
    with DemoServer(["prod-eu-1"]) as demo:
        ClusterFactory.create(slug="prod", opencost_url=demo.url("prod-eu-1"))
        printed, _ = shell(example.command)
    assert (
        len(re.findall("^idempotency-replayed: true", printed, re.MULTILINE | re.IGNORECASE)) == 1
    )
    assert printed.lower().count("ratelimit-policy:") == 2
