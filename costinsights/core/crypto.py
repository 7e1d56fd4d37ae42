"""Secrets at rest: AES-256-GCM under rotating keys, bound to the place they are stored in.

A sealed value is `v1.<key id>.<base64 of nonce and ciphertext>`. The associated data names tenant, model,
field and row, so a value copied to another row or tenant does not open.
"""

import base64
import hashlib
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_VERSION = "v1"
_NONCE_BYTES = 12


class SecretUnreadable(Exception):
    """A sealed value that no configured key opens at this place. Never carries the value."""


@lru_cache(maxsize=32)
def _cipher(key: str) -> tuple[str, AESGCM]:
    """Key id and cipher of one configured key: 32 bytes in URL-safe base64."""
    try:
        raw = base64.urlsafe_b64decode(key)
    except ValueError as error:
        raise ValueError("FIELD_ENCRYPTION_KEYS: a key is not URL-safe base64") from error
    if len(raw) != 32:
        raise ValueError("FIELD_ENCRYPTION_KEYS: a key must be 32 bytes in URL-safe base64")
    return hashlib.sha256(b"key id:" + raw).hexdigest()[:8], AESGCM(raw)


def seal(plaintext: str, *, aad: str) -> str:
    """Encrypt under the first configured key, bound to `aad`."""
    key_id, cipher = _cipher(settings.FIELD_ENCRYPTION_KEYS[0])
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + cipher.encrypt(nonce, plaintext.encode(), aad.encode())
    return f"{_VERSION}.{key_id}.{base64.urlsafe_b64encode(sealed).decode()}"


def key_id_of(token: str) -> str:
    """The id of the key that a sealed value was written under; empty for an unknown form."""
    version, _, rest = token.partition(".")
    return rest.partition(".")[0] if version == _VERSION else ""


def current_key_id() -> str:
    """The id of the key that new values are sealed under."""
    return _cipher(settings.FIELD_ENCRYPTION_KEYS[0])[0]


def configured_key_ids() -> list[str]:
    """The ids of all configured keys, the one that writes first."""
    return [_cipher(key)[0] for key in settings.FIELD_ENCRYPTION_KEYS]


def place_of(*, schema: str, label: str, field: str, pk: object) -> str:
    """The associated data of one sealed column of one row: `t_7:costs.Cluster:secret:3`.

    `label` is the model's label and `field` the column without `sealed_`. Every model that stores
    sealed columns builds its associated data this way, so that key rotation, export and import can open
    any of them; `costinsights.operations.sealed` finds the columns by their name.
    """
    return f"{schema}:{label}:{field.removeprefix('sealed_')}:{pk}"


def unseal(token: str, *, aad: str) -> str:
    """Decrypt with whichever configured key sealed it. Raises SecretUnreadable."""
    version, _, rest = token.partition(".")
    key_id, _, body = rest.partition(".")
    if version != _VERSION:
        raise SecretUnreadable("the stored secret has an unknown form")
    try:
        sealed = base64.urlsafe_b64decode(body)
    except ValueError as error:
        raise SecretUnreadable("the stored secret is damaged") from error
    for key in settings.FIELD_ENCRYPTION_KEYS:
        candidate, cipher = _cipher(key)
        if candidate == key_id:
            try:
                plain = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad.encode())
            except (InvalidTag, ValueError) as error:
                raise SecretUnreadable("the stored secret does not belong here") from error
            return plain.decode()
    raise SecretUnreadable(f"no configured key has the id {key_id}")
