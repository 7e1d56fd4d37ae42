"""Secrets, stamps, ports and logins: what needs no server."""

from pathlib import Path

import pytest

from costinsights.local.__main__ import parser
from costinsights.local.addresses import summary
from costinsights.local.database import restricted_login
from costinsights.local.environment import product_environment
from costinsights.local.ports import free_port, is_free
from costinsights.local.stamps import files_below, fingerprint, is_stamped, stamp
from costinsights.local.state import State, new_password
from costinsights.local.supervisor import reset


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def test_a_secret_is_made_once_and_is_its_owners_own(state: State) -> None:
    first = state.secret("password", new_password)
    assert state.secret("password", new_password) == first
    path = state.directory / "secrets" / "password"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_step_is_repeated_when_a_file_or_a_fact_changes(tmp_path: Path) -> None:
    source, done = tmp_path / "source", tmp_path / "stamp"
    source.write_text("one")
    stamp(done, fingerprint([source], "fact"))
    assert is_stamped(done, fingerprint([source], "fact"))
    assert not is_stamped(done, fingerprint([source], "another"))
    source.write_text("two")
    assert not is_stamped(done, fingerprint([source], "fact"))


def test_files_below_a_left_out_directory_do_not_count(tmp_path: Path) -> None:
    for name in ("kept/a", "node_modules/b"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    found = files_below(tmp_path, leave_out=frozenset({"node_modules"}))
    assert [path.name for path in found] == ["a"]


def test_an_administrators_url_becomes_a_login_of_our_own(state: State) -> None:
    login = restricted_login("postgres://root:s3cret@db:6000/postgres?sslmode=require", state)
    assert login.admin_url is not None
    assert login.url.startswith("postgres://costinsights_app:")
    assert login.url.endswith("@db:6000/costinsights?sslmode=require")
    assert "s3cret" not in login.url


def test_a_database_of_its_own_keeps_its_name(state: State) -> None:
    login = restricted_login("postgres://root:s3cret@db/costs", state)
    assert login.url.startswith("postgres://costs_app:")
    assert login.described == "db:5432/costs"


def test_the_product_never_gets_the_administrators_url(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_ADMIN_URL", "postgres://root:s3cret@db/postgres")
    environment = product_environment(state, database_url="d", redis_url="r", port=8000)
    assert "DATABASE_ADMIN_URL" not in environment
    assert environment["PUBLIC_PORT"] == "8000"
    assert environment["DEMO_MODE"] == "1"


def test_a_taken_port_gives_way_to_a_free_one() -> None:
    port = free_port()
    assert is_free(port)
    assert free_port(port) == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "web"])
def test_what_is_no_port_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["up", "--port", text])
    assert "is no port" in capsys.readouterr().err


def test_the_port_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    assert parser().parse_args(["up"]).port == 8123


def test_the_box_has_straight_edges_and_every_address(state: State) -> None:
    lines = summary(state, 8123, "http://127.0.0.1:9003", seconds=1.0).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert "http://initech.localhost:8123" in "".join(lines)


def test_a_reset_forgets_everything_but_a_test_runs_servers(state: State) -> None:
    state.secret("password", new_password)
    (state.directory / "test").mkdir()
    reset(state)
    assert [path.name for path in state.directory.iterdir()] == ["test"]
