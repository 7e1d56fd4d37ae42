"""What a status line and a failed exchange mean, coming from an OpenCost or what stands before it."""

from costinsights.core.http import (
    BodyTooLarge,
    BodyUnreadable,
    DeadlineExceeded,
    OutboundError,
    Reply,
)
from costinsights.opencost.errors import (
    LayerAbsent,
    NotOpenCost,
    OpenCostAnswerInvalid,
    OpenCostAnswerTooLarge,
    OpenCostError,
    OpenCostRefusedCredentials,
    OpenCostTimedOut,
    OpenCostUnavailable,
    OpenCostUnreachable,
)
from costinsights.opencost.schema import EMPTY_SET_MESSAGE, envelope_error, query_failed

PREFIX_HINT = "If this is OpenCost's web page, add /model to the address, or use its API port, 9003 by default."


def opencost_error(error: OutboundError) -> OpenCostError:
    """A failed exchange, named after what the caller of an OpenCost can do."""
    if isinstance(error, DeadlineExceeded):
        return OpenCostTimedOut(f"{error.message} A shorter window may help.", reason=error.reason)
    if isinstance(error, BodyTooLarge):
        return OpenCostAnswerTooLarge(error.message, reason=error.reason)
    if isinstance(error, BodyUnreadable):
        return OpenCostAnswerInvalid(error.message, reason=error.reason)
    if error.retry_is_useful:
        return OpenCostUnavailable(error.message, reason=error.reason)
    return OpenCostUnreachable(error.message, reason=error.reason)


def check_status(reply: Reply, *, has_credentials: bool, may_be_missing: bool) -> None:
    """Pass what may hold an answer (200, and "empty AssetSet"); raise the named error otherwise."""
    status = reply.status
    if status in (401, 403):
        raise OpenCostRefusedCredentials(
            "OpenCost's gateway did not accept the credentials. Check that they are complete and not "
            "expired."
            if has_credentials
            else "OpenCost's gateway asks for credentials. Enter a token, a password or a header.",
            reason="unauthorized" if status == 401 else "forbidden",
            http_status=status,
        )
    if status == 400 and b"SSL certificate" in reply.body:
        # nginx ends the handshake with anybody and says only then that a certificate is missing.
        missing = b"No required SSL certificate" in reply.body
        raise OpenCostRefusedCredentials(
            "OpenCost's gateway asks for a client certificate. Enter the certificate and its private "
            "key."
            if missing
            else "OpenCost's gateway does not accept the client certificate. Check that it is one "
            "the gateway was set up to trust, and not expired or revoked.",
            reason="client_certificate_required" if missing else "client_certificate_refused",
            http_status=status,
        )
    if status == 404 and may_be_missing:
        return
    if status in (429, 502, 503):
        raise OpenCostUnavailable(
            f"The gateway in front of OpenCost answers {status}: OpenCost is down, restarting or busy.",
            reason="gateway",
            http_status=status,
        )
    if status == 504:
        raise OpenCostTimedOut(
            "The gateway in front of OpenCost gave up waiting for it (504).",
            reason="gateway",
            http_status=status,
        )
    if _is_html(reply):
        raise NotOpenCost(
            f"A web page answers at this address, not OpenCost's API. {PREFIX_HINT}",
            reason="web_page",
        )
    if status in (404, 405, 406, 410):
        raise NotOpenCost(
            f"There is no OpenCost API at this address (status {status}). {PREFIX_HINT}",
            reason="no_route",
        )
    if status == 200:
        return
    message = envelope_error(reply.body)
    if status >= 500 and EMPTY_SET_MESSAGE.encode() in reply.body:
        return
    if status >= 400:
        raise query_failed(message, status)
    raise OpenCostAnswerInvalid(
        f"OpenCost answered with status {status}, which means nothing here.", reason="status"
    )


def check_layer_status(reply: Reply, *, has_credentials: bool) -> None:
    """As check_status, for a route that an OpenCost need not have. Raises LayerAbsent where it has not."""
    status = reply.status
    if status in (401, 403):
        raise LayerAbsent(
            f"The gateway in front of OpenCost does not let these costs be asked for (status {status}).",
            reason="refused",
            http_status=status,
        )
    if status in (404, 405, 410):
        raise LayerAbsent(
            "This OpenCost has no such route: the feature is switched off, or older than this.",
            reason="not_there",
            http_status=status,
        )
    if status == 501 or (status >= 400 and b"not configured" in reply.body.lower()):
        raise LayerAbsent(
            "The feature is switched on in OpenCost, with no source of costs behind it.",
            reason="not_set_up",
            http_status=status,
        )
    check_status(reply, has_credentials=has_credentials, may_be_missing=False)


def _is_html(reply: Reply) -> bool:
    start = reply.body[:200].lstrip().lower()
    return "html" in reply.content_type.lower() or start.startswith((b"<!doctype", b"<html"))
