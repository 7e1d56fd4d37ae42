"""What is kept of OpenCost's answers: rows by cluster and day, finished answers, failures, locks.

Everything lies in the default cache, whose keys carry the tenant, and under hashed names that change when a
cluster's address, credentials or scope do: an edited cluster never shows what its old self answered. Only
the thread that speaks for the tenant may call these functions.
"""

import hashlib
import secrets
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

import msgspec
from django.core.cache import cache

from costinsights.costs.current.grouping import Grouped
from costinsights.costs.current.pieces import Piece, PieceState
from costinsights.costs.current.rows import CostRow
from costinsights.opencost.schema import AllocatedCost

KEPT_FOR = timedelta(days=7)  # the last good answer
ANSWER_KEPT_FOR = timedelta(hours=1)
FAILURE_KEPT_FOR = timedelta(seconds=15)  # how soon a failing OpenCost is asked again


def _format() -> str:
    """Changes with what is stored, so that a release never reads another release's entries."""
    names = [field.name for field in msgspec.structs.fields(AllocatedCost)]
    names += [field.name for kind in (Grouped, CostRow) for field in fields(kind)]
    return hashlib.sha256(",".join(["1", *names]).encode()).hexdigest()[:8]


_FORMAT = _format()
_encoder = msgspec.msgpack.Encoder()
_rows = msgspec.msgpack.Decoder(list[AllocatedCost])


_answers = msgspec.msgpack.Decoder(Grouped)


@dataclass(frozen=True, slots=True)
class Failure:
    """The last exchange with a cluster's OpenCost went wrong."""

    at: datetime
    code: str
    message: str


def _key(kind: str, name: str) -> str:
    return f"costs:{_FORMAT}:{kind}:{name}"


def read_states(pieces: Iterable[Piece]) -> dict[Piece, PieceState]:
    """What is known of each of these pieces; one that is not kept is absent."""
    by_key = {_key("state", piece.name): piece for piece in pieces}
    found = cache.get_many(by_key)
    return {
        by_key[key]: PieceState(datetime.fromtimestamp(as_of, UTC), digest)
        for key, (as_of, digest) in found.items()
    }


def read_rows(pieces: Sequence[Piece]) -> dict[Piece, list[AllocatedCost]]:
    """The rows of these pieces; one whose rows are gone or unreadable is absent."""
    by_key = {_key("rows", piece.name): piece for piece in pieces}
    rows = {}
    for key, packed in cache.get_many(by_key).items():
        try:
            rows[by_key[key]] = _rows.decode(zlib.decompress(packed))
        except (msgspec.MsgspecError, zlib.error):
            continue  # damaged: as good as gone, and asked for again
    return rows


def write_piece(
    piece: Piece, rows: list[AllocatedCost], *, as_of: datetime, digest: str
) -> PieceState:
    """Keep an answer as the last good one."""
    seconds = int(KEPT_FOR.total_seconds())
    cache.set(_key("rows", piece.name), zlib.compress(_encoder.encode(rows), 1), seconds)
    # The state goes last: whoever sees it finds the rows.
    cache.set(_key("state", piece.name), (as_of.timestamp(), digest), seconds)
    return PieceState(as_of, digest)


def forget_pieces(pieces: Iterable[Piece]) -> None:
    """Drop the states of pieces whose rows are gone."""
    cache.delete_many([_key("state", piece.name) for piece in pieces])


def read_answer(name: str) -> Grouped | None:
    """A finished answer by the name of its question and data."""
    packed = cache.get(_key("answer", name))
    if packed is None:
        return None
    try:
        return _answers.decode(zlib.decompress(packed))
    except (msgspec.MsgspecError, zlib.error):
        return None


def write_answer(name: str, answer: Grouped) -> None:
    packed = zlib.compress(_encoder.encode(answer), 1)
    cache.set(_key("answer", name), packed, int(ANSWER_KEPT_FOR.total_seconds()))


def read_failures(fingerprints: Iterable[str]) -> dict[str, Failure]:
    """Recent failures by the cluster's fingerprint."""
    by_key = {_key("failure", fingerprint): fingerprint for fingerprint in fingerprints}
    return {
        by_key[key]: Failure(datetime.fromtimestamp(at, UTC), code, message)
        for key, (at, code, message) in cache.get_many(by_key).items()
    }


def write_failure(fingerprint: str, failure: Failure) -> None:
    value = (failure.at.timestamp(), failure.code, failure.message)
    cache.set(_key("failure", fingerprint), value, int(FAILURE_KEPT_FOR.total_seconds()))


def forget_failure(fingerprint: str) -> None:
    """The next question asks OpenCost again at once."""
    cache.delete(_key("failure", fingerprint))


def acquire(kind: str, fingerprint: str, *, seconds: float) -> str | None:
    """Take a cluster's lock for at most `seconds`. None when somebody else holds it."""
    token = secrets.token_hex(8)
    taken = cache.add(_key(kind, fingerprint), token, max(1, int(seconds)))
    return token if taken else None


def release(kind: str, fingerprint: str, token: str | None = None) -> None:
    """Give a lock back; with a token only if it is still ours."""
    key = _key(kind, fingerprint)
    if token is None or cache.get(key) == token:
        cache.delete(key)
