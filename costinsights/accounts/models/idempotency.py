"""Answers kept for clients that repeat a request: `Idempotency-Key`."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.utils import timezone

from costinsights.accounts.models.people import User

ANSWERS_KEPT_FOR = dt.timedelta(hours=24)


class IdempotentRequest(models.Model):
    """One changing request that named an Idempotency-Key, and its answer once there is one."""

    user = models.ForeignKey(User, models.CASCADE, related_name="idempotent_requests")
    key = models.CharField(max_length=255)
    # SHA-256 of method, path and body: the same key with another request is a mistake.
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
