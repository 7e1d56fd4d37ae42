"""Reading an answer's body: unpacked by us, piece by piece, and never more than the policy takes."""

import zlib

import requests

from costinsights.core.http.errors import BodyTooLarge, BodyUnreadable
from costinsights.core.http.exchange import Exchange

_PIECE = 64 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def read_body(response: requests.Response, exchange: Exchange) -> bytes:
    """The decoded body. Raises BodyTooLarge past the cap, before the memory is spent.

    The cap holds for the packed bytes too: a stream of empty gzip members unpacks to nothing, for ever.
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        unpack: _Plain | _Unpacker = _Plain()
    elif encoding in ("gzip", "x-gzip", "deflate"):
        unpack = _Unpacker()
    else:
        raise BodyUnreadable("The answer is packed in a way we did not ask for.")
    most = exchange.policy.max_body_bytes
    pieces: list[bytes] = []
    taken = packed = 0
    while piece := response.raw.read1(_PIECE, decode_content=False):
        packed += len(piece)
        for part in unpack.feed(piece, most - taken + 1):
            taken += len(part)
            pieces.append(part)
        if taken > most or packed > most:
            raise BodyTooLarge(f"The answer is larger than {most:,} bytes.")
        if exchange.expired:
            raise exchange.too_late()
    unpack.finish()
    return b"".join(pieces)


class _Plain:
    def feed(self, piece: bytes, most: int) -> list[bytes]:
        return [piece]

    def finish(self) -> None:
        """Plain bytes have no end mark; their length is checked by the transfer."""


class _Unpacker:
    """gzip (several members may follow each other) or zlib, with a bound on what comes out."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._begun = False

    def feed(self, piece: bytes, most: int) -> list[bytes]:
        """At most `most` bytes out of this piece; the caller gives up when it gets that many."""
        parts: list[bytes] = []
        while piece and most > 0:
            if self._stream.eof:
                self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
            self._begun = True
            try:
                part = self._stream.decompress(piece, most)
            except zlib.error:
                raise BodyUnreadable("The answer's compression is broken.") from None
            piece = self._stream.unused_data or self._stream.unconsumed_tail
            most -= len(part)
            parts.append(part)
        return parts

    def finish(self) -> None:
        if self._begun and not self._stream.eof:
            raise BodyUnreadable("The answer's compressed body ends too early.")
