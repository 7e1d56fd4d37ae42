"""One effect per Idempotency-Key: the request, what it changes and the kept answer are one transaction.

An advisory lock that Postgres holds until that transaction ends stands for “still running”: it dies
with the process, so a killed web worker leaves neither a lock nor half an effect behind
(docs/content/adr/0013).
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from costinsights.accounts.door import Respond, caller_of, is_api
from costinsights.accounts.models import ANSWERS_KEPT_FOR, IdempotentRequest, User
from costinsights.core.api.idempotency import (
    HEADER,
    REPLAYED,
    KeyReused,
    StillRunning,
    fingerprint,
    parse_key,
)
from costinsights.core.api.problems import problem_response
from costinsights.core.crypto import SecretUnreadable
from costinsights.core.errors import ApplicationError, Conflict
from costinsights.core.tenancy import current_tenant

RETRY_AFTER_SECONDS: Final = 1
KEPT_HEADERS: Final = (
    "Content-Type",
    "Content-Disposition",
    "Content-Language",
    "Location",
    "ETag",
)


class AnswerUnreadable(Conflict):
    """The answer was sealed under an encryption key that is gone."""

    code = "idempotency_answer_unreadable"
    title = "The answer to this key cannot be read any more"


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer given before."""

    status: int
    headers: dict[str, str]
    body: bytes

    def response(self, *_: Any, **__: Any) -> HttpResponse:
        response = HttpResponse(self.body, status=self.status, headers=self.headers)
        response[REPLAYED] = "true"
        response["Cache-Control"] = "no-store"
        return response


def begin(*, member: User, key: str, request_hash: str, at: dt.datetime) -> StoredAnswer | None:
    """Take the key for the rest of the transaction. Returns the answer that was given before, if any.

    Raises StillRunning when another request holds it, KeyReused when it stands for another request.
    """
    if not _lock(f"{current_tenant().pk}:{member.pk}:{key}"):
        raise StillRunning(f"Ask again in {RETRY_AFTER_SECONDS} s: the answer will be waiting.")
    row = IdempotentRequest.objects.filter(user=member, key=key).first()
    if row is None:
        return None
    if row.created_at <= at - ANSWERS_KEPT_FOR:
        row.delete()
        return None
    if row.request_hash != request_hash:
        raise KeyReused(
            f"This {HEADER} was used for another request in the last 24 hours. Choose a new one."
        )
    try:
        body = row.body
    except SecretUnreadable as error:
        raise AnswerUnreadable(
            "The request was done. Look at its effect; use a new key."
        ) from error
    return StoredAnswer(status=row.status or 200, headers=row.headers, body=body)


def keep(
    *, member: User, key: str, request_hash: str, response: HttpResponse, at: dt.datetime
) -> IdempotentRequest:
    """Keep the answer for those who repeat the request. Part of the request's own transaction."""
    row = IdempotentRequest.objects.create(
        user=member,
        key=key,
        request_hash=request_hash,
        status=response.status_code,
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
        created_at=at,
    )
    row.seal_body(response.content)
    row.save(update_fields=["sealed_body"])
    return row


def forget_old_answers(*, at: dt.datetime) -> int:
    """Delete the answers whose time is over. Returns how many there were."""
    deleted, _ = IdempotentRequest.objects.filter(created_at__lte=at - ANSWERS_KEPT_FOR).delete()
    return deleted


class IdempotencyMiddleware:
    """Answers a POST that names an Idempotency-Key once, and repeats the answer to whoever repeats it.

    Only success is kept. Whatever is refused or fails is rolled back as a whole, views that mind their own
    transactions included, so that it may be sent again with the same key.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER)
        if given is None or request.method != "POST" or not is_api(request):
            return self.get_response(request)
        member = caller_of(request).member
        if member is None:
            return self.get_response(request)  # 401, from the view
        try:
            return self._once(request, member=member, key=parse_key(given))
        except ApplicationError as refusal:
            response = problem_response(request, refusal)
            if isinstance(refusal, StillRunning):
                response["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return response

    def _once(self, request: HttpRequest, *, member: User, key: str) -> HttpResponse:
        request_hash, now = fingerprint(request), timezone.now()
        with transaction.atomic():
            stored = begin(member=member, key=key, request_hash=request_hash, at=now)
            request.stored_answer = stored  # type: ignore[attr-defined]  # for process_view
            response = self.get_response(request)
            if not 200 <= response.status_code < 300:
                transaction.set_rollback(True)
            elif stored is None:
                keep(member=member, key=key, request_hash=request_hash, response=response, at=now)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Let a repeated request through the view's own door, and answer it in the handler's place.

        Whoever lost the right to do it since, or never had it with this token, does not see the answer.
        """
        stored: StoredAnswer | None = getattr(request, "stored_answer", None)
        if stored is None:
            return None
        instance = view.cls(**view.initkwargs)
        instance.setup(request, *args, **kwargs)
        instance.post = stored.response
        answer: HttpResponseBase = instance.dispatch(request, *args, **kwargs)
        return answer


def _lock(name: str) -> bool:
    """Whether we hold the lock of this name now, until the transaction ends. Never waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_lock_number(name)])
        [(held,)] = cursor.fetchall()
    return bool(held)


def _lock_number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
