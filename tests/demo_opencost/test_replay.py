"""Recorded answers replayed for any window, by the source and by the command."""

import http.client
import json
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from costinsights.local.management.commands import replay_opencost
from costinsights.local.replay import NotARecording, Recording
from tests.demo_opencost.asking import NOW, SAMPLES, day, recorded

REAL = SAMPLES / "freepod-opencost_allocation.json"
OLD = SAMPLES / "kartverket-opencost_response.json"


def replayed(path: Path, **query: str) -> dict[str, Any]:
    answer = Recording.load(path).answer("/allocation/compute", query, now=NOW)
    assert answer.status == 200
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_rows_move_into_the_window_asked_for_and_keep_their_amounts() -> None:
    (found,) = replayed(OLD, window=day("2026-11-10"), includeIdle="true")["data"]
    (original,) = recorded(OLD.name)

    assert found.keys() == original.keys()
    for name, row in found.items():
        assert row["window"] == {"start": "2026-11-10T00:00:00Z", "end": "2026-11-11T00:00:00Z"}
        assert (row["end"], row["minutes"]) == ("2026-11-10T23:40:00Z", 1420)
        assert row["totalCost"] == original[name]["totalCost"]


def test_an_hour_replayed_for_a_day_says_that_it_covers_an_hour() -> None:
    (found,) = replayed(REAL, window=day("2026-11-10"))["data"]

    assert {row["minutes"] for row in found.values()} == {60}


def test_successive_windows_take_successive_sets() -> None:
    first, second = replayed(REAL, window="2026-11-10T00:00:00Z,2026-11-10T02:00:00Z", step="1h")[
        "data"
    ]
    sizes = sorted(len(one) for one in recorded(REAL.name))

    assert sorted([len(first), len(second)]) == sizes


def test_the_running_day_ends_now_and_the_future_is_empty() -> None:
    (today,) = replayed(OLD, window="today", includeIdle="true")["data"]

    assert {row["end"] for row in today.values()} == {"2026-11-20T14:23:40Z"}
    assert replayed(OLD, window=day("2026-12-24"))["data"] == [{}]


def test_idle_comes_only_when_asked_for() -> None:
    (without,) = replayed(OLD, window="yesterday")["data"]

    assert "__idle__" not in without


def test_the_recorded_envelope_is_kept() -> None:
    assert replayed(OLD, window="today")["status"] == "success"
    assert "status" not in replayed(REAL, window="today")


def test_a_recording_introduces_itself() -> None:
    recording = Recording.load(REAL)
    info = recording.answer("/installInfo", {}, now=NOW)
    cluster = recording.answer("/clusterInfo", {}, now=NOW)

    assert json.loads(info.body)["version"] == "1.121.0"
    assert json.loads(cluster.body)["data"]["id"] == "default-cluster"
    assert Recording.load(OLD).version == "1.112.0"
    assert recording.answer("/healthz", {}, now=NOW).status == 200
    assert recording.answer("/prometheusConfig", {}, now=NOW).status == 200
    assert recording.answer("/assets", {}, now=NOW).status == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"window": "24hours"}, 400),
        ({"window": "today", "step": "0s"}, 400),
        ({"window": "2026-11-02T00:00:00Z,2026-11-01T00:00:00Z"}, 500),
    ],
)
def test_bad_questions_are_refused(query: dict[str, str], status: int) -> None:
    assert Recording.load(REAL).answer("/allocation", query, now=NOW).status == status


@pytest.mark.parametrize("text", ["", "[]", '{"data":[]}', '{"data":[{"a":1}]}', '{"code":200}'])
def test_other_files_are_no_recordings(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)

    with pytest.raises(NotARecording, match=r"other\.json"):
        Recording.load(path)


def test_the_command_serves_each_file_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    out, answers = StringIO(), []

    def visit() -> None:
        for port, prefix in re.findall(r"http://127\.0\.0\.1:(\d+)(/\S+)", out.getvalue()):
            connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
            connection.request("GET", f"{prefix}/allocation?window=yesterday")
            answers.append((prefix, connection.getresponse().status))
            connection.close()

    monkeypatch.setattr(replay_opencost, "wait_for_interrupt", visit)
    call_command("replay_opencost", str(REAL), str(OLD), str(OLD), stdout=out)

    assert answers == [
        ("/freepod-opencost-allocation", 200),
        ("/kartverket-opencost-response", 200),
        ("/kartverket-opencost-response-2", 200),
    ]


def test_the_command_names_a_file_it_cannot_replay(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Cannot replay .*missing"):
        call_command("replay_opencost", str(tmp_path / "missing.json"))


def test_windows_shorter_than_the_recording_cut_its_rows() -> None:
    start = NOW - timedelta(days=3)
    window = f"{start:%Y-%m-%dT%H:%M:%SZ},{start + timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}"
    (found,) = replayed(REAL, window=window)["data"]

    assert {row["minutes"] for row in found.values()} == {10}
