"""A banner above a page: what everybody in the workspace should know now."""

from dataclasses import dataclass


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
