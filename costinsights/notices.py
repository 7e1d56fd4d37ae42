"""What everybody in a workspace should know now: banners above every page.

Each source answers for one request; `SOURCES` is their order from the top.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Notice:
    """One banner. `link` is somewhere to read on; `action_url` is posted to by a button."""

    level: str  # info, warning, danger
    title: str
    text: str = ""
    icon: str = "info-circle"
    link: str = ""
    link_label: str = ""
    action_url: str = ""
    action_label: str = ""


NoticeSource = Callable[[HttpRequest], list[Notice]]

SOURCES: tuple[NoticeSource, ...] = ()


def notices_for(request: HttpRequest) -> list[Notice]:
    """Every banner for this request. htmx parts are drawn inside a page that has them already."""
    if request.headers.get("HX-Request") == "true":
        return []
    return [notice for source in SOURCES for notice in source(request)]
