"""What can go wrong between us and a host a tenant named, each with the answer to "try again?".

Messages speak of hosts, never of credentials or of the answer's text: a tenant's own page shows
them. `reason` is a stable short word for programs, finer than `code`.
"""

from costinsights.core.errors import ExchangeError


class OutboundError(ExchangeError):
    """An exchange with another host failed."""

    code = "outbound_failed"
    title = "The other host could not be asked"


class RequestRefused(OutboundError):
    """We do not send such a request: scheme, userinfo in the URL, a header with a line break."""

    code = "request_refused"
    status = 400
    title = "This address or header cannot be used"


class AddressRefused(OutboundError):
    """The name leads to an address that tenants may not reach."""

    code = "address_refused"
    status = 400
    title = "This address is not allowed"


class NameNotResolved(OutboundError):
    """The host's name has no address; worth another try only when the name server was at fault."""

    code = "name_not_resolved"
    title = "The host's name has no address"


class ConnectionFailed(OutboundError):
    """Nobody answered, or the exchange broke off. `reason`: refused, no_answer, unreachable, broken_off."""

    code = "connection_failed"
    title = "The connection failed"
    retry_is_useful = True


class TlsFailed(OutboundError):
    """`reason`: untrusted, wrong_name, expired, no_tls, handshake; of our own certificate:
    client_certificate_required, client_certificate_refused.
    """

    code = "tls_failed"
    title = "The encrypted connection cannot be trusted"


class DeadlineExceeded(OutboundError):
    """The whole exchange did not end in the time it was given."""

    code = "deadline_exceeded"
    status = 504
    title = "The other host took too long"
    retry_is_useful = True


class BodyTooLarge(OutboundError):
    """The answer, unpacked, is larger than we take."""

    code = "body_too_large"
    title = "The answer is too large"


class BodyUnreadable(OutboundError):
    """The answer's compression is broken or unknown."""

    code = "body_unreadable"
    title = "The answer cannot be unpacked"


class RedirectRefused(OutboundError):
    """The host sends us elsewhere; following would defeat the address check and leak credentials."""

    code = "redirect_refused"
    title = "The address redirects"
