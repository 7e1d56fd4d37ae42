"""CSV as a body and as an answer."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer

from costinsights.core.csv_files import MOST_BYTES


class CSVParser(BaseParser):
    """A body of text/csv as bytes; no more than an import takes."""

    media_type = "text/csv"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return stream.read(MOST_BYTES + 1)


class CSVTextRenderer(BaseRenderer):
    """Text that is CSV already; problems stay JSON documents."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return data.encode() if isinstance(data, str) else JSONRenderer().render(data)


class ImportCountsSerializer(serializers.Serializer[Any]):
    """What an import did, or would do."""

    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
