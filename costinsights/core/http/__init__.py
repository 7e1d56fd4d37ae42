"""The one way out: HTTP to hosts that tenants name.

`SafeSession` checks every address a name resolves to and connects to the one it checked, follows no
redirect, uses no proxy from the environment, gives the whole exchange one deadline and takes a
bounded body. It reads no settings: the caller makes an `OutboundPolicy` at the edge.
"""

from costinsights.core.http.addresses import OutboundPolicy, Resolver, check_addresses, resolve
from costinsights.core.http.errors import (
    AddressRefused,
    BodyTooLarge,
    BodyUnreadable,
    ConnectionFailed,
    DeadlineExceeded,
    NameNotResolved,
    OutboundError,
    RedirectRefused,
    RequestRefused,
    TlsFailed,
)
from costinsights.core.http.retries import with_retries
from costinsights.core.http.session import Reply, SafeSession, check_url
from costinsights.core.http.tls import ClientCertificate

__all__ = [
    "AddressRefused",
    "BodyTooLarge",
    "BodyUnreadable",
    "ClientCertificate",
    "ConnectionFailed",
    "DeadlineExceeded",
    "NameNotResolved",
    "OutboundError",
    "OutboundPolicy",
    "RedirectRefused",
    "Reply",
    "RequestRefused",
    "Resolver",
    "SafeSession",
    "TlsFailed",
    "check_addresses",
    "check_url",
    "resolve",
    "with_retries",
]
