"""Lists are read with a cursor: stable while rows come and go, and no count of the whole table."""

from typing import Any

from django.core import signing
from django.db.models import QuerySet
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from costinsights.core.errors import InvalidInput


class ListCursor(CursorPagination):
    """`{"next": url|null, "previous": url|null, "results": […]}`; `?page_size=` up to 200.

    A subclass names its `ordering`, a unique one that ends in the primary key; no parameter changes it. A
    cursor is signed for the address and the order it was made for, so that nothing else reaches the
    database: any other text is 400.
    """

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "pk"

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any] | None:
        order = self.get_ordering(request, queryset, view)
        self._signer = signing.Signer(salt=f"cursor:{request.path}:{','.join(order)}")
        return super().paginate_queryset(queryset, request, view)

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get(self.page_size_query_param or "")
        if given is None:
            return self.page_size or self.max_page_size
        size = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
        if not 1 <= size <= self.max_page_size:
            raise InvalidInput(
                f"A page has 1 to {self.max_page_size} entries.",
                field=self.page_size_query_param or "",
                value=given[:100],
            )
        return size

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        """Our own order, whatever filters a view has."""
        return (self.ordering,) if isinstance(self.ordering, str) else tuple(self.ordering)

    def encode_cursor(self, cursor: Cursor) -> str:
        """The address of another page."""
        text = self._signer.sign_object([int(cursor.reverse), cursor.offset, cursor.position])
        return str(replace_query_param(self.base_url, self.cursor_query_param, text))

    def decode_cursor(self, request: Request) -> Cursor | None:
        text = request.query_params.get(self.cursor_query_param)
        if text is None:
            return None
        try:
            reverse, offset, position = self._signer.unsign_object(text)
        except (signing.BadSignature, ValueError) as error:
            raise InvalidInput(
                "This is no cursor of this list. Follow `next` and `previous`, or begin without one.",
                field=self.cursor_query_param,
                value=text[:100],
            ) from error
        return Cursor(offset=offset, reverse=bool(reverse), position=position)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        example = "https://acme.costinsights.example/api/v1/clusters/?cursor=WzAsMCwi"
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**address, "examples": [example]},
                "previous": {**address, "examples": [None]},
                "results": schema,
            },
        }
