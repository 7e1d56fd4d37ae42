"""Reading the filter language: a lexer and a recursive-descent parser with a depth limit.

Stricter than OpenCost's own in one way: OpenCost drops everything after the first comparison that is
not followed by + or |, silently; here that is an error that points at the place.
"""

import difflib
from dataclasses import dataclass
from typing import NoReturn

from costinsights.opencost.filter_tree import (
    LIST_FIELDS,
    MAP_FIELDS,
    NAME_FIELDS,
    WORKING_FIELDS,
    AllOf,
    AnyOf,
    Comparison,
    Filter,
    FilterSyntaxError,
    Operator,
    is_sendable,
    sanitised,
)

LONGEST_FILTER = 4_000
DEEPEST_FILTER = 20
# OpenCost reads these and then matches nothing with them.
_DEAD_FIELDS = frozenset(
    (
        "account",
        "department",
        "environment",
        "owner",
        "product",
        "team",
        "nodeLabel",
        "namespaceLabel",
    )
)
_OTHER_NAMES = {
    "controller": "controllerName",
    "workload": "controllerName",
    "kind": "controllerKind",
    "service": "services",
    "labels": "label",
    "annotations": "annotation",
    "providerid": "provider",
}
# Longest first, so that "!~>:" is not read as "!" and a rest.
_OPERATORS = sorted((operator.value for operator in Operator), key=len, reverse=True)
_FIELDS_HINT = f"Fields that work: {', '.join(WORKING_FIELDS)}."
_EXAMPLE = 'For example: namespace:"shop"+label[app]:"web".'


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # word, access, text, operator, or the character itself; "" at the end
    text: str
    position: int


def parse_filter(text: str) -> Filter:
    """Read a filter. Raises FilterSyntaxError with the position and a hint."""
    if len(text) > LONGEST_FILTER:
        raise FilterSyntaxError(
            "The filter is too long",
            text=text,
            position=LONGEST_FILTER,
            hint=f"At most {LONGEST_FILTER:,} characters are read.",
        )
    if not is_sendable(text):
        raise FilterSyntaxError(
            "The filter is not proper text",
            text="",
            position=0,
            hint="It holds half of a character.",
        )
    return _Parser(text, _tokens(text)).whole()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        if text[at] in " \t\n\r":
            at += 1
            continue
        token = _token(text, at)
        tokens.append(token)
        at += len(token.text)
    tokens.append(_Token("", "", len(text)))
    return tokens


def _token(text: str, at: int) -> _Token:
    character = text[at]
    if character in '"[':
        end = text.find('"' if character == '"' else "]", at + 1)
        if end < 0:
            raise FilterSyntaxError(
                "A value is not closed" if character == '"' else "A [name] is not closed",
                text=text,
                position=at,
                hint="Close it with a double quote." if character == '"' else "Close it with ].",
            )
        return _Token("text" if character == '"' else "access", text[at : end + 1], at)
    for operator in _OPERATORS:
        if text.startswith(operator, at):
            return _Token("operator", operator, at)
    if character in "+|(),":
        return _Token(character, character, at)
    end = at
    while end < len(text) and (text[end].isalnum() or text[end] in "-_"):
        end += 1
    if end == at:
        raise FilterSyntaxError(
            f"“{character}” has no meaning here", text=text, position=at, hint=_hint_for(character)
        )
    return _Token("word", text[at:end], at)


def _hint_for(character: str) -> str:
    if character == "=":
        return 'Equals is written with a colon: namespace:"shop".'
    if character in "!~<>":
        return f"The operators are {' '.join(operator.value for operator in Operator)}."
    if character in "&;":
        return "AND is written +, OR is written |."
    if character in "'“”‘’":
        return 'Values stand in straight double quotes: namespace:"shop".'
    return _EXAMPLE


class _Parser:
    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0

    def whole(self) -> Filter:
        if self._peek().kind == "":
            self._fail("The filter is empty", _EXAMPLE)
        tree = self._filter(depth=0)
        rest = self._peek()
        if rest.kind == ")":
            self._fail("A parenthesis closes that was never opened", "Remove it.")
        if rest.kind:
            self._fail(
                f"“{rest.text}” follows without + or |",
                "Join conditions with + (AND) or | (OR); in a URL, + must be written %2B.",
            )
        return tree

    def _filter(self, depth: int) -> Filter:
        branches = [self._element(depth)]
        joint = self._peek().kind
        if joint not in ("+", "|"):
            return branches[0]
        while self._peek().kind == joint:
            self._take()
            branches.append(self._element(depth))
        if self._peek().kind in ("+", "|"):
            self._fail(
                "+ and | are mixed",
                'Say what belongs together with parentheses: (pod:"a"|pod:"b")+node:"c".',
            )
        return AllOf(tuple(branches)) if joint == "+" else AnyOf(tuple(branches))

    def _element(self, depth: int) -> Filter:
        if self._peek().kind != "(":
            return self._comparison()
        if depth >= DEEPEST_FILTER:
            self._fail("The filter is nested too deeply", f"At most {DEEPEST_FILTER} levels.")
        opened = self._take()
        tree = self._filter(depth + 1)
        if self._peek().kind == "":
            self._fail("A parenthesis is not closed", "Add a ).", at=opened.position)
        if self._peek().kind != ")":
            self._fail(f"“{self._peek().text}” follows without + or |", _EXAMPLE)
        self._take()
        return tree

    def _comparison(self) -> Comparison:
        field = self._field()
        key = ""
        if self._peek().kind == "access":
            key = self._key(field)
        if self._peek().kind != "operator":
            self._fail(
                f"An operator is missing after “{field}”",
                f"The operators are {' '.join(operator.value for operator in Operator)}.",
            )
        operator = Operator(self._take().text)
        values = [self._value()]
        while self._peek().kind == ",":
            self._take()
            values.append(self._value())
        return Comparison(field, operator, tuple(values), key)

    def _field(self) -> str:
        token = self._peek()
        if token.kind != "word":
            self._fail("A field is missing", f"{_FIELDS_HINT} {_EXAMPLE}")
        if token.text not in NAME_FIELDS and token.text not in (*LIST_FIELDS, *MAP_FIELDS):
            self._unknown_field(token.text)
        return self._take().text

    def _unknown_field(self, name: str) -> NoReturn:
        if name in _DEAD_FIELDS:
            self._fail(f"OpenCost reads “{name}” but never finds anything by it", _FIELDS_HINT)
        known = {field.lower(): field for field in (*NAME_FIELDS, *LIST_FIELDS, *MAP_FIELDS)}
        meant = _OTHER_NAMES.get(name.lower()) or known.get(name.lower())
        if meant is None:
            close = difflib.get_close_matches(name.lower(), known, n=1)
            meant = known[close[0]] if close else None
        did_you_mean = f"Did you mean “{meant}”? " if meant else ""
        self._fail(f"“{name}” is not a field", f"{did_you_mean}{_FIELDS_HINT}")

    def _key(self, field: str) -> str:
        token = self._peek()
        if field not in MAP_FIELDS:
            self._fail(f"“{field}” takes no [name]", "Only label and annotation do.")
        name = token.text[1:-1]
        if not name.strip():
            self._fail("The [name] is empty", "For example: label[app].")
        self._take()
        return sanitised(name)

    def _value(self) -> str:
        token = self._peek()
        if token.kind != "text":
            quoted = f'"{token.text}"' if token.kind == "word" else '"shop"'
            self._fail("A value is missing", f"Values stand in double quotes: {quoted}.")
        return self._take().text[1:-1]

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _fail(self, message: str, hint: str, *, at: int | None = None) -> NoReturn:
        position = self._peek().position if at is None else at
        raise FilterSyntaxError(message, text=self._text, position=position, hint=hint)
