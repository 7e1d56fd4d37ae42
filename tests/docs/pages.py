"""The documentation as text: pages, the commands they name, the links between them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CONTENT = PROJECT / "docs" / "content"
_MAKE = re.compile(r"\bmake ([a-z][a-z-]*)(?=[\s`#]|$)")
_MANAGE = re.compile(r"manage\.py ((?:\\\n|[^\n`)])+)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"```.*?```", re.DOTALL)
_CODE = re.compile(r"```(?:bash|sh)\n(.*?)```|`([^`\n]+)`", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(PROJECT))

    @property
    def text(self) -> str:
        return self.path.read_text()

    def make_targets(self) -> set[str]:
        """Targets of `make` in code; prose may make many things."""
        return {
            target
            for block, span in _CODE.findall(self.text)
            for target in _MAKE.findall(block or span)
        }

    def commands(self) -> Iterator[list[str]]:
        """Name and arguments of every management command."""
        for line in _MANAGE.findall(self.text):
            yield shlex.split(line.replace("\\\n", " "), comments=True)

    def file_links(self) -> Iterator[Path]:
        """Files of the repository the page links to, relative to itself."""
        for link in _LINK.findall(_FENCE.sub("", self.text)):
            target = link.partition("#")[0]
            if target and "://" not in target and not target.startswith(("/", "mailto:")):
                yield (self.path.parent / target).resolve()


def pages() -> list[Page]:
    """The site and the files beside it that people read first."""
    beside = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/README.md"]
    site = sorted([*CONTENT.rglob("*.md"), *CONTENT.rglob("*.mdx")])
    return [Page(PROJECT / name) for name in beside] + [Page(path) for path in site]


def page(name: str) -> str:
    """The text of a page of the site."""
    return (CONTENT / name).read_text()


def first_column(text: str) -> Iterator[str]:
    """What stands in backquotes at the start of the tables' rows."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield from re.findall(r"`([^`]+)`", line.split("|")[1])
