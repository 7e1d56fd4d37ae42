"""Client certificates as people paste them: read, matched with their key, and put in one spelling."""

import re
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from costinsights.core.errors import InvalidInput
from costinsights.costs.models import LONGEST_CLIENT_CERTIFICATE, LONGEST_CLIENT_KEY

_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm)
_KEY_BLOCK = re.compile(
    r"-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----.+?-----END \1-----", flags=re.DOTALL
)


def checked_client_certificate(text: str) -> str:
    """The certificates in their order, PEM and nothing else; empty for none. Raises InvalidInput."""
    text = text.strip()
    if not text:
        return ""
    if "PRIVATE KEY" in text:
        raise _refused_certificate(
            "That holds a private key. Paste the certificates here and the key into its own field."
        )
    if len(text) > LONGEST_CLIENT_CERTIFICATE:
        raise _refused_certificate("That is longer than a certificate with its chain can be.")
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in _certificates(text))


def checked_client_key(text: str, *, certificate: str) -> str:
    """The key of a checked certificate, PEM (PKCS 8). Raises InvalidInput, never with the key in it."""
    block = _KEY_BLOCK.search(text)
    if block is None or len(text) > LONGEST_CLIENT_KEY:
        raise _refused_key("Paste the private key in PEM form, -----BEGIN PRIVATE KEY----- first.")
    pem = block.group(0)
    if "ENCRYPTED" in pem:
        raise _refused_key(
            "This key is locked with a password. Unlock a copy and paste that: "
            "openssl pkey -in client.key -out unlocked.key"
        )
    try:
        key = load_pem_private_key(pem.encode(), password=None)
        public = _encoded(key.public_key())
        spelled = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    except _UNREADABLE:
        raise _refused_key(
            "This private key cannot be read. Is it complete, and in PEM form?"
        ) from None
    if public != _encoded(_public_key(certificate)):
        raise _refused_key(
            "This key belongs to another certificate. The client's own certificate must come first, "
            "its intermediate certificates after it."
        )
    return spelled


def refuse_expired(certificate: str, *, now: datetime) -> None:
    """Pass a checked certificate that is valid at this instant. Raises InvalidInput."""
    leaf = _certificates(certificate)[0]
    if leaf.not_valid_after_utc <= now:
        raise _refused_certificate(
            f"This certificate expired on {leaf.not_valid_after_utc:%-d %B %Y}. Have a new one made."
        )
    if leaf.not_valid_before_utc > now:
        raise _refused_certificate(
            f"This certificate is not valid before {leaf.not_valid_before_utc:%-d %B %Y, %H:%M} UTC."
        )


def _certificates(text: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise _refused_certificate(
            "Paste the client's certificate in PEM form, -----BEGIN CERTIFICATE----- first."
        ) from error


def _public_key(certificate: str) -> PublicKeyTypes:
    try:
        return _certificates(certificate)[0].public_key()
    except _UNREADABLE as error:
        raise _refused_certificate(
            "This certificate's kind of key is not supported. Use an RSA or EC key."
        ) from error


def _encoded(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _refused_certificate(message: str) -> InvalidInput:
    return InvalidInput(message, field="client_certificate")


def _refused_key(message: str) -> InvalidInput:
    return InvalidInput(message, field="client_key")
