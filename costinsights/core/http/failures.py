"""Turning what the libraries raise into errors that name the way out."""

import ssl
from collections.abc import Iterator

import requests
from urllib3.exceptions import LocationParseError

from costinsights.core.http.errors import (
    ConnectionFailed,
    OutboundError,
    RequestRefused,
    TlsFailed,
)

# OpenSSL's verification codes (x509_vfy.h).
_EXPIRED = 10
_NOT_YET_VALID = 9
_WRONG_NAME = (62, 64)
# Alerts by which a server speaks of the certificate we showed, or did not (RFC 8446, 6.2).
_ABOUT_OUR_CERTIFICATE = frozenset(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    }
)


def named_failure(error: Exception, *, host: str, shows_certificate: bool = False) -> OutboundError:
    """Ours for theirs. The message names the host and nothing else of the request.

    `shows_certificate`: whether a client certificate was at hand for a server that asks for one.
    """
    if isinstance(
        error,
        requests.exceptions.InvalidURL
        | requests.exceptions.InvalidSchema
        | requests.exceptions.MissingSchema
        | requests.exceptions.InvalidHeader
        | LocationParseError
        | UnicodeError,
    ):
        return RequestRefused("This is not an address we can ask.", reason="malformed")
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(cause, host)
        if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return ConnectionFailed(f"{host} broke the connection off.", reason="broken_off")
        if isinstance(cause, ssl.SSLError):
            if cause.reason in _ABOUT_OUR_CERTIFICATE:
                return _not_let_in(host, shows_certificate=shows_certificate)
            return _no_tls(cause, host, shows_certificate=shows_certificate)
        if isinstance(cause, TimeoutError):
            return ConnectionFailed(
                f"{host} accepted the connection and then said nothing.", reason="no_answer"
            )
    return ConnectionFailed(f"{host} broke the connection off.", reason="broken_off")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what it wraps and what it came from; each library nests these its own way."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]


def _untrusted(error: ssl.SSLCertVerificationError, host: str) -> TlsFailed:
    if error.verify_code in _WRONG_NAME:
        return TlsFailed(
            f"The certificate is made out to another name than {host}.", reason="wrong_name"
        )
    if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        return TlsFailed(
            f"The certificate of {host} has expired or is not valid yet.", reason="expired"
        )
    return TlsFailed(
        f"The certificate of {host} is signed by nobody we trust. If your company signs its own, "
        "add its CA certificate.",
        reason="untrusted",
    )


def _not_let_in(host: str, *, shows_certificate: bool) -> TlsFailed:
    if shows_certificate:
        return TlsFailed(
            f"{host} does not accept the client certificate. Check that it is one {host} was set up "
            "to trust, complete with its intermediate certificates, and not expired or revoked.",
            reason="client_certificate_refused",
        )
    return TlsFailed(
        f"{host} asks for a client certificate. Enter the certificate and its private key.",
        reason="client_certificate_required",
    )


def _no_tls(error: ssl.SSLError, host: str, *, shows_certificate: bool) -> TlsFailed:
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return TlsFailed(
            f"{host} does not speak TLS on this port. Try http:// instead of https://.",
            reason="no_tls",
        )
    # TLS 1.2 has no alert of its own for a certificate that is missing.
    way_out = "" if shows_certificate else " If it asks for a client certificate, enter one."
    return TlsFailed(
        f"No encrypted connection to {host} could be agreed on.{way_out}", reason="handshake"
    )
