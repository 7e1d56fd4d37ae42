"""`Idempotency-Key`: what a repeatable request is, and what goes wrong with one.

The form is that of the IETF draft “The Idempotency-Key HTTP Header Field” (revision 07), in which the key
is a quoted string; the bare form that most clients send is understood too.
"""

import hashlib
import re
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from costinsights.core.errors import ApplicationError, Conflict, InvalidInput

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
LONGEST_KEY: Final = 255
_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}", re.ASCII)
_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


class StillRunning(Conflict):
    """The first request with this key has not been answered yet. Ask again a little later."""

    code = "idempotency_key_in_use"
    title = "The request with this key is still running"


class KeyReused(ApplicationError):
    """The key stands for another request. A new request needs a new key."""

    code = "idempotency_key_reused"
    status = 422
    title = "This key belongs to another request"


class BodyTooLarge(ApplicationError):
    """A request with a key is compared as a whole, so its body has a limit."""

    code = "too_large"
    status = 413
    title = "The request is too large"


def parse_key(text: str) -> str:
    """The key in a header. Raises InvalidInput."""
    key = text.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _KEY.fullmatch(key) or '"' in key:
        raise InvalidInput(
            f"Give a key of 1 to {LONGEST_KEY} visible ASCII characters, such as a UUID.",
            field=HEADER,
            value=text[:LONGEST_KEY],
        )
    return key


def fingerprint(request: HttpRequest) -> str:
    """SHA-256 of method, address, media type and body. Raises BodyTooLarge.

    Clients draw a new multipart boundary for each attempt, so it does not count.
    """
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise BodyTooLarge(f"A request with {HEADER} may have 2 MB.") from error
    media_type = request.content_type or ""
    boundary = _BOUNDARY.search(request.META.get("CONTENT_TYPE", ""))
    if media_type.startswith("multipart/") and boundary:
        body = body.replace(boundary[1].encode("latin-1", "replace"), b"")
    digest = hashlib.sha256()
    for part in (request.method or "", request.get_full_path(), media_type):
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    digest.update(body)
    return digest.hexdigest()


def document_header(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing hook of the OpenAPI schema: every POST takes the header."""
    for path in result.get("paths", {}).values():
        if "post" in path:
            path["post"].setdefault("parameters", []).append(_PARAMETER)
    return result


_PARAMETER: Final[dict[str, Any]] = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "A key of your choice for this request, such as a UUID. Sent again within 24 hours "
    "with the same request, the first answer comes back with `Idempotency-Replayed: true` and nothing "
    "is done twice. With another request it is 422 `idempotency_key_reused`; while the first is "
    "running, 409 `idempotency_key_in_use`. Refused requests change nothing and keep no key.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}
