"""Lists are read with a cursor: stable while rows come and go, and no count of the whole table."""

from typing import Any

from rest_framework.pagination import CursorPagination


class ListCursor(CursorPagination):
    """`{"next": url|null, "previous": url|null, "results": […]}`; `?page_size=` up to 200.

    The view's `ordering` names a unique order, ending in the primary key.
    """

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "pk"

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        example = "https://acme.costinsights.example/api/v1/clusters/?cursor=cD01MA%3D%3D"
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**address, "examples": [example]},
                "previous": {**address, "examples": [None]},
                "results": schema,
            },
        }
