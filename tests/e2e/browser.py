"""Chromium for page tests: where it is, how it starts, what a page did wrong while it was open."""

import gzip
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

STATIC = Path(__file__).resolve().parents[2] / "static"
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-sandbox",  # containers run tests as root
]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SHIPPED = (
    "import('@sparticuz/chromium').then(async (m) => console.log(await m.default.executablePath()))"
)


def chromium_path() -> str:
    """CHROMIUM_PATH, the distribution's browser, or the one npm installed with the front end."""
    if named := os.environ.get("CHROMIUM_PATH"):
        return named
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    node = shutil.which("node")
    if node is None:
        raise RuntimeError("No Chromium and no Node: install chromium or set CHROMIUM_PATH.")
    shipped = subprocess.run(  # noqa: S603  # our own constant script
        [node, "-e", _SHIPPED], cwd=STATIC, capture_output=True, text=True, check=True
    )
    return shipped.stdout.strip()


@contextmanager
def running_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What went wrong on a page: script errors, breaches of the content policy, failed requests."""

    problems: list[str] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)

    def on(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # A refused form or a missing page is an answer, and the browser logs it as an error of its own.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status}: {response.url}")

    def weigh(self, page: Page) -> None:
        """Start keeping the bodies of what the page loads."""
        page.on("requestfinished", lambda request: self._keep(request.response()))

    def _keep(self, response: Response | None) -> None:
        if response is not None and response.status == 200:
            self.bodies[response.url] = response.body()

    def compressed_bytes(self) -> dict[str, int]:
        """Bytes on the wire by address, were each body sent with gzip; fonts are compressed already."""
        return {
            url: len(body) if url.endswith(".woff2") else len(gzip.compress(body, 6))
            for url, body in self.bodies.items()
        }


def axe_violations(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is now, one line per rule and place."""
    page.evaluate((STATIC / "node_modules/axe-core/axe.min.js").read_text() + ";0")
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wider: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wider
