"""What may stand in a log line: one line, no control characters, no secrets."""

import re
from collections.abc import MutableMapping
from typing import Any

REMOVED = "[removed]"

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token|authori[sz]ation|cookie|api_?key|credential|private_?key|"
    r"session_key|sealed|dsn",
    re.IGNORECASE,
)
# Names that only sound like secrets.
_HARMLESS = frozenset({"token_id", "key_id", "secret_count"})
_SECRET_TEXT = re.compile(
    r"ci_[a-z2-7]{12}_\w+"  # our API tokens
    r"|v1\.[0-9a-f]{8}\.[\w=-]+"  # sealed values
    r"|(?i:\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # login:password in an address
    r"|(?i:\b(?:password|passwd|secret|token|api_?key)\s*[=:]\s*)[^\s,;&'\"]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
# Line ends, escapes that colour or move a terminal, marks that turn the direction of text.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]|\n|\t"
)
_LONGEST = 8_000
_DEEPEST = 6


def scrub(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: every value of the event made safe to write down."""
    for name in list(event):
        if not str(name).startswith("_"):  # structlog's own
            event[plain(str(name))] = safe(event.pop(name), str(name))
    return event


def safe(value: Any, name: str = "", *, depth: int = 0) -> Any:
    """The same value without secrets; texts without control characters. Other objects become text."""
    if name and _SECRET_NAME.search(name) and name not in _HARMLESS:
        return value if value is None or isinstance(value, bool | int) else REMOVED
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < _DEEPEST:
        if isinstance(value, dict):
            return {
                plain(str(key)): safe(item, str(key), depth=depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [safe(item, depth=depth + 1) for item in value]
    return plain(str(value))


def plain(text: str) -> str:
    """One line without secrets. A line end becomes “\\n”, other control characters their code point."""
    return _CONTROL.sub(_visible, _SECRET_TEXT.sub(REMOVED, text[:_LONGEST]))


def _visible(found: "re.Match[str]") -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(found[0], f"\\u{ord(found[0]):04x}")
