"""Answers kept for clients that repeat a request: `Idempotency-Key`."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.utils import timezone

from costinsights.accounts.models.people import User, schema_name
from costinsights.core.crypto import place_of, seal, unseal

ANSWERS_KEPT_FOR = dt.timedelta(hours=24)


class IdempotentRequest(models.Model):
    """One changing request that named an Idempotency-Key, and its answer once there is one."""

    # Found by the index of the constraint below.
    user = models.ForeignKey(
        User, models.CASCADE, related_name="idempotent_requests", db_index=False
    )
    key = models.CharField(max_length=255)
    # SHA-256 of method, address, media type and body: the same key with another request is a mistake.
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    # Sealed: an answer may hold a new token's text.
    sealed_body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotent_request_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["created_at"], name="idempotent_request_age"),
        ]

    def __str__(self) -> str:
        return f"idempotent request {self.pk}"

    @property
    def body(self) -> bytes:
        """The body of the answer, byte for byte. Raises SecretUnreadable."""
        return unseal(self.sealed_body, aad=self._place()).encode("latin-1")

    def seal_body(self, body: bytes) -> None:
        """Put the body in, sealed to this row: the row must have its primary key."""
        self.sealed_body = seal(body.decode("latin-1"), aad=self._place())

    def _place(self) -> str:
        if self.pk is None:
            raise ValueError("an answer is bound to its row, which must be saved first")
        return place_of(
            schema=schema_name(), label="accounts.IdempotentRequest", field="body", pk=self.pk
        )
