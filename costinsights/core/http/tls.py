"""Whom we trust over TLS, and how we show who we are."""

import contextlib
import functools
import os
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field

import requests

from costinsights.core.http.errors import RequestRefused


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What we show a server that asks for one: the certificate, its chain after it, and its key, PEM.

    The key is left out of the representation.
    """

    chain_pem: str
    key_pem: str = field(repr=False)


def tls_context(
    ca_bundle_pem: str | None, client_certificate: ClientCertificate | None = None
) -> ssl.SSLContext:
    """Verify against the public authorities, or, if given, against this private CA only.

    Raises RequestRefused when the CA's text holds no certificate, or the client certificate and its
    key cannot be used.
    """
    private = bool(ca_bundle_pem and ca_bundle_pem.strip())
    if client_certificate is None:
        return _private_context(ca_bundle_pem or "") if private else _shared_public_context()
    context = _private_context(ca_bundle_pem or "") if private else _public_context()
    _show(client_certificate, context)
    return context


def _private_context(ca_bundle_pem: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=ca_bundle_pem)
    except (ssl.SSLError, ValueError):
        context = None
    if context is None or not context.get_ca_certs():
        raise RequestRefused(
            "The CA bundle holds no certificate that can be read. Paste it in PEM form, beginning "
            "with -----BEGIN CERTIFICATE-----.",
            reason="ca_bundle",
        )
    return context


def _public_context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=requests.utils.DEFAULT_CA_BUNDLE_PATH)


@functools.cache
def _shared_public_context() -> ssl.SSLContext:
    """Reading the public authorities takes longer than a request; nothing in it is a tenant's."""
    return _public_context()


def _show(certificate: ClientCertificate, context: ssl.SSLContext) -> None:
    try:
        with _readable_once(f"{certificate.key_pem}\n{certificate.chain_pem}") as path:
            # The empty password refuses an encrypted key; without one OpenSSL asks the terminal.
            context.load_cert_chain(path, password="")
    except (OSError, ValueError):
        usable = False
    else:
        usable = True
    if not usable:
        # Raised out here, so that nothing that touched the key is chained to it.
        raise RequestRefused(
            "The client certificate and its private key cannot be used together. Enter both again, "
            "in PEM form, the key without a password.",
            reason="client_certificate",
        )


@contextlib.contextmanager
def _readable_once(text: str) -> Iterator[str]:
    """A path with this text, for a library that reads keys from files only.

    In memory without a name where the system can (Linux); else a file that only we can read, gone as
    soon as it was read.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "w", encoding="ascii") as memory:
            memory.write(text)
            memory.flush()
            yield f"/proc/self/fd/{descriptor}"
    else:
        with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            yield file.name
