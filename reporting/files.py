"""Keeping what was rendered: under the hash of its content, checked at every reading, reached by links that expire.

Files live in `STORAGES["reports"]` as `<tenant>/<sha256>`: the same bytes are kept once, and nobody can put other
bytes in their place without every later reading saying so.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

import structlog
from django.conf import settings
from django.core import signing
from django.core.files import File
from django.core.files.storage import Storage, storages

log = structlog.get_logger(__name__)

_CHUNK = 1 << 20
_IN_MEMORY = 8 << 20  # larger files are checked through a temporary file
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]*")


class FileGone(Exception):
    """The storage does not have the file that the database names: restore it from a backup."""


class FileChanged(Exception):
    """The stored bytes are not those that were put there; they are not handed out."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a file is kept. `name` is its name in the storage."""

    sha256: str
    size: int
    name: str


def storage() -> Storage:
    return storages["reports"]


def storage_name(tenant: str, sha256: str) -> str:
    """`<tenant>/<sha256>`. Raises ValueError for anything that is not the two."""
    if not (_TENANT.fullmatch(tenant) and _SHA256.fullmatch(sha256)):
        raise ValueError("a kept file is named by a tenant and a SHA-256")
    return f"{tenant}/{sha256}"


def keep(tenant: str, file: IO[bytes]) -> Kept:
    """Put the whole of `file` into the storage. Safe to repeat, and repairs what was changed there."""
    sha256, size = _fingerprint(file)
    name = storage_name(tenant, sha256)
    if not _holds(name, sha256):
        file.seek(0)
        storage().save(name, File(cast(BinaryIO, file), name=name))
    return Kept(sha256, size, name)


def forget(tenant: str, sha256: str) -> None:
    """Take the file out of the storage; nothing happens if it is not there."""
    storage().delete(storage_name(tenant, sha256))


@contextmanager
def opened(tenant: str, sha256: str) -> Iterator[IO[bytes]]:
    """The file, from its beginning, after its hash was found right.

    Raises FileGone, or FileChanged when the bytes are others; both are logged. Not a byte is handed out before the
    last one was checked.
    """
    name = storage_name(tenant, sha256)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as checked:
        try:
            with storage().open(name) as stored:
                found = _copied(stored, checked)
        except FileNotFoundError as error:
            log.error("reports.file_gone", tenant=tenant, sha256=sha256)
            raise FileGone(sha256) from error
        if found != sha256:
            log.error("reports.file_changed", tenant=tenant, sha256=sha256, found=found)
            raise FileChanged(sha256)
        checked.seek(0)
        yield cast(IO[bytes], checked)


def verify(tenant: str, sha256: str) -> bool:
    """Whether the storage has the file with the right bytes."""
    return _holds(storage_name(tenant, sha256), sha256)


def _holds(name: str, sha256: str) -> bool:
    try:
        with storage().open(name) as stored:
            return _fingerprint(stored)[0] == sha256
    except FileNotFoundError:
        return False


def _fingerprint(file: IO[bytes]) -> tuple[str, int]:
    """SHA-256 and size of the whole file, wherever it stands."""
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _copied(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


# Links ------------------------------------------------------------------------------------------


class LinkInvalid(Exception):
    """Not one of our links, or not for this tenant, member and purpose."""


class LinkExpired(LinkInvalid):
    """It was one; ask for a new one."""


def link_token(*, tenant: str, member: int, purpose: str, file: int) -> str:
    """A signed text that stands in a link to `file`, for one member of one tenant and one purpose."""
    signer = signing.TimestampSigner(salt=_salt(tenant, member, purpose))
    return signer.sign_object(file)


def file_of_link(token: str, *, tenant: str, member: int, purpose: str) -> int:
    """The file that the link is for. Raises LinkExpired or LinkInvalid."""
    signer = signing.TimestampSigner(salt=_salt(tenant, member, purpose))
    try:
        file = signer.unsign_object(token, max_age=settings.REPORTS_LINK_SECONDS)
    except signing.SignatureExpired as error:
        raise LinkExpired from error
    except signing.BadSignature as error:
        raise LinkInvalid from error
    return int(file)


def _salt(tenant: str, member: int, purpose: str) -> str:
    """In the salt is what the reader knows by itself: a token of another tenant or member does not verify."""
    return f"reporting.file:{tenant}:{member}:{purpose}"
