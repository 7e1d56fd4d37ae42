"""OpenCost's filter language, version 2, evaluated on rows.

Written from the language's description alone and independent of the product's own parser, so that the
two can be held against each other. Like OpenCost, whatever follows a complete expression without a
`+` or `|` is dropped without a word: that is what an unescaped `+` in a URL leads to.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from costinsights.opencost.sample.allocation import UNALLOCATED, Properties, Row

Test = Callable[[Row], bool]


class FilterError(ValueError):
    """The filter cannot be parsed; the text says where."""


_KEY = re.compile(r"\s*([A-Za-z]+)(?:\[([^\]]*)\])?\s*")
_OPERATOR = re.compile(r"(!<~:|!~>:|!~:|!:|<~:|~>:|~:|:)\s*")
_VALUE = re.compile(r'\s*"([^"]*)"\s*')
_FIELDS: dict[str, Callable[[Properties], str]] = {
    "cluster": lambda p: p.cluster,
    "node": lambda p: p.node,
    "namespace": lambda p: p.namespace,
    "controllerName": lambda p: p.controller,
    "controllerKind": lambda p: p.controller_kind,
    "pod": lambda p: p.pod,
    "container": lambda p: p.container,
    "provider": lambda p: p.provider_id,
}
_MAPS: dict[str, Callable[[Properties], dict[str, str]]] = {
    "label": lambda p: p.labels,
    "annotation": lambda p: p.annotations,
}
# OpenCost parses these and finds nothing: its allocation matcher does not know them.
_DEAD = frozenset(
    {
        "account",
        "department",
        "environment",
        "owner",
        "product",
        "team",
        "nodeLabel",
        "namespaceLabel",
    }
)
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    ":": lambda have, want: have == want,
    "~:": lambda have, want: want in have,
    "<~:": lambda have, want: have.startswith(want),
    "~>:": lambda have, want: have.endswith(want),
}


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def peek(self) -> str:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def fail(self, wanted: str) -> FilterError:
        return FilterError(f"expected {wanted} at position {self.at} of {self.text!r}")


def parse(text: str) -> Test:
    """A test for rows. An empty text lets every row through. Raises FilterError."""
    if not text.strip():
        return lambda row: True
    reader = _Reader(text)
    test = _group(reader)
    if reader.peek() == ")":
        raise reader.fail("the end, not a closing parenthesis,")
    return test


def _group(reader: _Reader) -> Test:
    tests = [_element(reader)]
    joiner = ""
    while (sign := reader.peek()) in ("+", "|") and sign:
        if joiner and sign != joiner:
            raise reader.fail("parentheses around mixed + and |")
        joiner = sign
        reader.at += 1
        tests.append(_element(reader))
    if joiner == "|":
        return lambda row: any(test(row) for test in tests)
    return lambda row: all(test(row) for test in tests)


def _element(reader: _Reader) -> Test:
    if reader.peek() == "(":
        reader.at += 1
        test = _group(reader)
        if reader.peek() != ")":
            raise reader.fail("a closing parenthesis")
        reader.at += 1
        return test
    key = reader.take(_KEY)
    if key is None:
        raise reader.fail("a field")
    operator = reader.take(_OPERATOR)
    if operator is None:
        raise reader.fail("an operator")
    values = [_value(reader)]
    while reader.peek() == ",":
        reader.at += 1
        values.append(_value(reader))
    return _comparison(key.group(1), key.group(2), operator.group(1), values, reader)


def _value(reader: _Reader) -> str:
    match = reader.take(_VALUE)
    if match is None:
        raise reader.fail("a value in double quotes")
    return match.group(1)


def _comparison(
    name: str, key: str | None, operator: str, values: list[str], reader: _Reader
) -> Test:
    negated, plain = operator.startswith("!"), operator.removeprefix("!")
    wanted = ["" if value == UNALLOCATED else value for value in values]
    if (name == "services" and key is None) or (name in _MAPS and key is None):
        have, compare = _members(name), _COMPARE[":" if plain == "~:" else plain]
        if name in _MAPS:
            wanted = [sanitise(value) for value in wanted]
    else:
        have, compare = _single(name, key, reader), _COMPARE[plain]

    def test(row: Row) -> bool:
        found = have(row.properties)
        return any(compare(item, value) for item in found for value in wanted) != negated

    return test


def _members(name: str) -> Callable[[Properties], list[str]]:
    """Services, or the names of labels: `:` and `~:` both ask for a whole member."""
    if name == "services":
        return lambda properties: list(properties.services) or [""]
    pairs = _MAPS[name]
    return lambda properties: list(pairs(properties))


def _single(name: str, key: str | None, reader: _Reader) -> Callable[[Properties], list[str]]:
    """The one text of a field or of a label; no text at all for fields that OpenCost never matches."""
    if name in _FIELDS and key is None:
        field = _FIELDS[name]
        return lambda properties: [field(properties)]
    if name in _MAPS:
        pairs, wanted = _MAPS[name], sanitise(key or "")
        return lambda properties: [pairs(properties).get(wanted, "")]
    if name in _DEAD:
        return lambda properties: []
    raise reader.fail(f"a known field, not {name!r},")


def sanitise(label: str) -> str:
    """A label's name as Prometheus writes it."""
    return re.sub(r"[^A-Za-z0-9_]", "_", label)
