"""Lists are read with a cursor: stable while rows come and go, and no count of the whole table."""

from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from costinsights.core.errors import InvalidInput

Position = list[str | int]


class ListCursor(CursorPagination):
    """`{"next": url|null, "previous": url|null, "results": […]}`; `?page_size=` up to 200.

    A subclass names its `ordering`: columns that are never null, unique together, the primary key last. No
    parameter changes it. A cursor holds the row it begins after, in every column of the order, so
    that rows which come or go never shift a page (DRF's own counts among equal values of the first
    column). It is signed for its address and order: any other text is 400 and never reaches the database.
    """

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering: str | tuple[str, ...] = "pk"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        size = self.get_page_size(request)
        order = (self.ordering,) if isinstance(self.ordering, str) else tuple(self.ordering)
        self._page_address = request.build_absolute_uri()
        self._signer = signing.Signer(salt=f"cursor:{request.path}:{','.join(order)}")
        backwards, position = self._cursor_of(request)
        walk = tuple(map(_turned, order)) if backwards else order
        rows: QuerySet[Any] = queryset.order_by(*walk)
        if position is not None:
            rows = rows.filter(_behind(walk, position))
        found = list(rows[: size + 1])
        page, more, came_from_there = found[:size], len(found) > size, position is not None
        if backwards:
            page.reverse()
        has_next, has_previous = (came_from_there, more) if backwards else (more, came_from_there)
        self._next = _position(page[-1], order) if page and has_next else None
        self._previous = _position(page[0], order) if page and has_previous else None
        return page

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get(self.page_size_query_param)
        if given is None:
            return self.page_size
        size = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
        if not 1 <= size <= self.max_page_size:
            raise InvalidInput(
                f"A page has 1 to {self.max_page_size} entries.",
                field=self.page_size_query_param,
                value=given[:100],
            )
        return size

    def get_next_link(self) -> str | None:
        return self._address(backwards=False, position=self._next)

    def get_previous_link(self) -> str | None:
        return self._address(backwards=True, position=self._previous)

    def _address(self, *, backwards: bool, position: Position | None) -> str | None:
        if position is None:
            return None
        text = self._signer.sign_object([int(backwards), position])
        return str(replace_query_param(self._page_address, self.cursor_query_param, text))

    def _cursor_of(self, request: Request) -> tuple[bool, Position | None]:
        """Which way to read and from behind which row. Raises InvalidInput."""
        text = request.query_params.get(self.cursor_query_param)
        if text is None:
            return False, None
        try:
            backwards, position = self._signer.unsign_object(text)
        except (signing.BadSignature, ValueError) as error:
            raise InvalidInput(
                "This is no cursor of this list. Follow `next` and `previous`, or begin without one.",
                field=self.cursor_query_param,
                value=text[:100],
            ) from error
        return bool(backwards), position

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        example = "https://acme.costinsights.example/api/v1/clusters/?cursor=WzAsWzUwXV0:8PoY"
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**address, "example": example},
                "previous": {**address, "example": None},
                "results": schema,
            },
        }


class ShortListCursor(ListCursor):
    """The same contract for a list that is in memory and short anyway, in the order it has.

    `ordering` names the attribute that tells its entries apart.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        entries, key = list(queryset), str(self.ordering)
        size = self.get_page_size(request)
        self._page_address = request.build_absolute_uri()
        self._signer = signing.Signer(salt=f"cursor:{request.path}:list:{key}")
        backwards, position = self._cursor_of(request)
        start = 0
        if position is not None:
            places = [at for at, row in enumerate(entries) if _position(row, (key,)) == position]
            at = places[0] if places else 0
            start = max(0, at - size) if backwards else at + bool(places)
            size = min(size, at) if backwards else size
        page = entries[start : start + size]
        self._next = _position(page[-1], (key,)) if entries[start + size :] and page else None
        self._previous = _position(page[0], (key,)) if start and page else None
        return page


def _turned(column: str) -> str:
    return column[1:] if column.startswith("-") else f"-{column}"


def _position(row: Any, order: tuple[str, ...]) -> Position:
    """Where a row stands in the order, as JSON keeps it."""
    values = [getattr(row, column.lstrip("-")) for column in order]
    return [value if isinstance(value, int) else str(value) for value in values]


def _behind(order: tuple[str, ...], position: Position) -> Q:
    """Rows that come after the position: further in one column, equal in those before it."""
    found, equal = Q(), Q()
    for column, value in zip(order, position, strict=True):
        name = column.lstrip("-")
        step = "lt" if column.startswith("-") else "gt"
        found |= equal & Q(**{f"{name}__{step}": value})
        equal &= Q(**{name: value})
    return found
