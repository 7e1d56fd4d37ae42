"""docker-compose.yml and Dockerfile: no engine runs here, so they are read and held to rules."""

import json
import re
from importlib.resources import files
from typing import Any

import pytest
import yaml
from jsonschema import (  # type: ignore[import-untyped]  # its types are a package of their own
    Draft202012Validator,
    validators,
)

from costinsights.local.state import PROJECT

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
_STAGE = r"^FROM \S+ AS (\S+)\n(.*?)(?=^FROM |\Z)"
STAGES: dict[str, str] = dict(re.findall(_STAGE, DOCKERFILE, re.DOTALL | re.MULTILINE))

every_service = pytest.mark.parametrize("name", SERVICES)


def is_one_shot(service: dict[str, Any]) -> bool:
    return service.get("restart") == "no"


def test_the_file_follows_the_compose_specification() -> None:
    path = "builtin_schemas/vendor/compose-spec.json"
    schema = json.loads(files("check_jsonschema").joinpath(path).read_text())
    validator = validators.validator_for(schema, default=Draft202012Validator)(schema)
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []


def test_the_stack_is_complete() -> None:
    assert {"web", "worker", "beat", "migrate", "postgres", "valkey", "opencost"} <= set(SERVICES)


@every_service
def test_a_service_is_watched_or_runs_once(name: str) -> None:
    service = SERVICES[name]
    assert is_one_shot(service) != ("healthcheck" in service)


@every_service
def test_a_service_has_an_image_with_a_tag_or_is_built(name: str) -> None:
    service = SERVICES[name]
    assert "build" in service or re.search(r":[\w.-]*\d", service["image"])


@every_service
def test_a_service_does_not_run_as_root(name: str) -> None:
    service = SERVICES[name]
    if "build" in service:
        assert service["build"]["target"] in ("runtime", "demo")
    else:
        assert service["user"] not in ("", "root", "0")


@every_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in (SERVICES[name].get("environment") or {}).items():
        if re.search(r"SECRET|PASSWORD|KEY|AUTH|_URL", variable):
            literal = re.sub(r"\$\{\w+(:[?-][^}]*)?\}", "", str(value))
            assert not re.search(r":[^/@]+@", literal), variable
            assert literal == "" or "://" in literal, variable


@every_service
def test_what_a_service_waits_for_can_be_waited_for(name: str) -> None:
    for other, how in (SERVICES[name].get("depends_on") or {}).items():
        wanted = (
            "service_completed_successfully" if is_one_shot(SERVICES[other]) else "service_healthy"
        )
        assert how["condition"] == wanted


@every_service
def test_every_volume_is_declared(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]


def test_only_the_one_shot_gets_the_administrators_password() -> None:
    holders = [name for name, service in SERVICES.items() if "POSTGRES_PASSWORD" in str(service)]
    assert sorted(holders) == ["migrate", "postgres"]


def test_the_databases_cannot_be_reached_from_outside() -> None:
    assert COMPOSE["networks"]["data"]["internal"] is True
    for name in ("postgres", "valkey"):
        assert SERVICES[name]["networks"] == ["data"]
        assert "ports" not in SERVICES[name]


def test_every_variable_without_a_default_is_in_the_example() -> None:
    example = (PROJECT / ".env.example").read_text()
    for variable in re.findall(r"\$\{(\w+):\?", (PROJECT / "docker-compose.yml").read_text()):
        assert re.search(rf"^{variable}=$", example, re.MULTILINE), variable


def test_the_example_documents_every_setting_of_the_containers() -> None:
    example = (PROJECT / ".env.example").read_text()
    for variable in re.findall(r"\$\{(\w+)", (PROJECT / "docker-compose.yml").read_text()):
        assert variable in example or variable == "DEMO_MODE", variable


def test_base_images_are_pinned() -> None:
    stages = set(STAGES)
    for image in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE):
        assert image in stages or re.search(r":[\w.-]*\d", image), image


def test_the_image_runs_as_an_ordinary_user_and_is_watched() -> None:
    assert "\nUSER app\n" in STAGES["runtime"]
    assert "HEALTHCHECK" in STAGES["runtime"]
    assert DOCKERFILE.rstrip().endswith("FROM runtime")


def test_the_image_has_locked_packages_only_and_none_for_development() -> None:
    assert "--require-hashes" in STAGES["packages"]
    assert set(re.findall(r"requirements/(\w+)\.txt", DOCKERFILE)) == {"base"}
    assert "npm ci --omit=dev" in STAGES["front-end"]


def test_everything_the_image_copies_exists_and_is_sent_to_the_build() -> None:
    let_in = re.findall(r"^!(\S+)", (PROJECT / ".dockerignore").read_text(), re.MULTILINE)
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for source in sources.split():
            assert (PROJECT / source).exists(), source
            assert source.split("/")[0] in let_in, source
