"""The text of an API token: `ci_<key id>_<secret>_<checksum>`.

The prefix and the checksum let secret scanners recognise one and let a person see a copying mistake;
the key id finds the row; the secret is 32 random bytes, of which only the SHA-256 is stored.
"""

import base64
import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass
from typing import Final

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_BYTES: Final = 32
_SECRET_LENGTH: Final = 43  # 62**43 > 256**32 > 62**42
_TOKEN = re.compile(r"ci_([a-z2-7]{12})_([0-9A-Za-z]{43})_([0-9a-f]{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TokenParts:
    """The two parts that matter. `repr` shows no secret."""

    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"TokenParts(key_id={self.key_id!r})"

    @property
    def text(self) -> str:
        """The whole token, as its owner gets to see it once."""
        body = f"ci_{self.key_id}_{self.secret}"
        return f"{body}_{_checksum(body)}"


# What a malformed token is looked up as: no stored key id has this shape.
NOBODY: Final = TokenParts(key_id="-" * 12, secret="-" * _SECRET_LENGTH)


def generate() -> TokenParts:
    """A new token from the operating system's randomness."""
    key_id = base64.b32encode(secrets.token_bytes(8)).decode().lower()[:12]
    number = int.from_bytes(secrets.token_bytes(_SECRET_BYTES))
    digits = []
    for _ in range(_SECRET_LENGTH):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return TokenParts(key_id=key_id, secret="".join(reversed(digits)))


def parse(text: str) -> TokenParts | None:
    """The parts of a well-formed token with a right checksum, else None."""
    match = _TOKEN.fullmatch(text)
    if match is None or not hmac.compare_digest(_checksum(text.rpartition("_")[0]), match[3]):
        return None
    return TokenParts(key_id=match[1], secret=match[2])


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_matches(secret: str, stored_hash: str) -> bool:
    """Whether `secret` hashes to `stored_hash`, in time that tells nothing about either."""
    return hmac.compare_digest(hash_secret(secret), stored_hash)


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
