"""What the documentation says exists: commands, options, settings, addresses, files."""

import ast
import json
import re

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from costinsights.core.periods import WINDOW_WORDS
from costinsights.costs.current.query import PARAMETERS, SORT_COLUMNS
from costinsights.opencost.filters import Operator
from tests.docs.pages import CONTENT, PROJECT, Page, first_column, page, pages

every_page = pytest.mark.parametrize("document", pages(), ids=lambda document: document.name)


@every_page
def test_make_targets_named_in_the_documentation_exist(document: Page) -> None:
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    assert document.make_targets() <= targets


@every_page
def test_management_commands_and_their_options_exist(document: Page) -> None:
    known = get_commands()
    for name, *arguments in document.commands():
        assert name in known, name
        parser = load_command_class(str(known[name]), name).create_parser("manage.py", name)
        options = {argument.partition("=")[0] for argument in arguments if argument[:2] == "--"}
        assert options <= set(parser._option_string_actions), name


@every_page
def test_files_linked_from_the_documentation_exist(document: Page) -> None:
    missing = [str(path) for path in document.file_links() if not path.exists()]
    assert missing == []


def settings_read_from_the_environment() -> set[str]:
    """Names given to env.str("…"), env.int("…"), … and required("…") in the settings module."""
    tree = ast.parse((PROJECT / "costinsights" / "settings.py").read_text())
    names = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        reader = ast.unparse(call.func)
        if reader == "required" or reader.startswith("env."):
            match call.args:
                case [ast.Constant(value=str(name)), *_]:
                    names.add(name)
    return names


def settings_of_compose() -> set[str]:
    """Names that docker-compose.yml takes from its environment and the product does not read."""
    text = (PROJECT / "docker-compose.yml").read_text()
    return set(re.findall(r"\$\{([A-Z0-9_]+)", text)) - settings_read_from_the_environment()


def test_the_settings_page_lists_exactly_the_settings_there_are() -> None:
    read_by_a_command_only = {"DATABASE_ADMIN_URL"}
    listed = set(first_column(page("operate/settings.md")))
    read = settings_read_from_the_environment() | settings_of_compose()
    assert listed == read | read_by_a_command_only


def test_the_example_environment_names_no_unknown_setting() -> None:
    text = (PROJECT / ".env.example").read_text()
    named = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))
    assert named <= set(first_column(page("operate/settings.md")))


def test_addresses_of_the_api_named_in_the_guide_exist() -> None:
    found = re.findall(r"/api/v1/[a-z][a-z/{}-]*", page("api/guide.md"))
    assert len(set(found)) >= 6
    for path in set(found):
        resolve(path.replace("{slug}", "prod"), "costinsights.urls")


def test_the_api_guide_names_every_parameter_and_column() -> None:
    guide = page("api/guide.md")
    words = set(re.findall(r"`([^`\n]+)`", guide))
    assert set(PARAMETERS) <= words
    assert set(SORT_COLUMNS) <= words
    assert {operator.value for operator in Operator} <= words


def test_every_window_is_explained() -> None:
    assert set(WINDOW_WORDS) <= set(first_column(page("numbers.md")))


def test_every_decision_stands_in_the_list_of_decisions() -> None:
    index = page("adr/index.md")
    records = sorted(path.name for path in (CONTENT / "adr").glob("0*.md"))
    assert len(records) >= 9
    assert [name for name in records if f"({name})" not in index] == []


def test_decisions_named_in_comments_exist() -> None:
    for package in ("costinsights", "tenants", "reporting", "anomalies", "tests"):
        for path in (PROJECT / package).rglob("*.py"):
            for number in re.findall(r"docs/content/adr/(\d{4})", path.read_text()):
                assert list((CONTENT / "adr").glob(f"{number}-*.md")), f"{path}: {number}"


def test_the_site_is_pinned_and_its_lock_file_names_no_place_to_download_from() -> None:
    package = json.loads((PROJECT / "docs" / "package.json").read_text())
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert [version for version in versions if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert '"resolved"' not in (PROJECT / "docs" / "package-lock.json").read_text()


def test_the_gateway_of_the_overview_is_the_one_of_the_documentation() -> None:
    text = page("connect-a-cluster.md")
    for name in ("opencost_token.sh", "opencost_gateway.yaml"):
        assert (PROJECT / "templates" / "overview" / name).read_text() in text, name
