"""Sign-off: what people say of a closed statement. It lies beside the statement, which stays as it is."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from costinsights.accounts.models import User
from reporting.models.periods import Statement


class ReviewState(models.TextChoices):
    """Where the sign-off of a statement stands."""

    ISSUED = "issued", "Issued"
    ACCEPTED = "accepted", "Accepted"
    DISPUTED = "disputed", "Disputed"
    RESOLVED = "resolved", "Resolved"
    FINAL = "final", "Final"


class Review(models.Model):
    """The sign-off of one closed statement."""

    statement = models.OneToOneField(
        Statement, models.CASCADE, primary_key=True, related_name="review"
    )
    state = models.CharField(max_length=8, choices=ReviewState, default=ReviewState.ISSUED)
    issued_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    accepted_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    approved_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    accept_by = models.DateTimeField(null=True)  # from then on it counts as accepted
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(state__in=ReviewState.values), name="review_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.state}"


class Dispute(models.Model):
    """What somebody holds against a line (or, without a position, the statement), and how it ended."""

    statement = models.ForeignKey(Statement, models.CASCADE, related_name="disputes")
    position = models.PositiveIntegerField(null=True)
    text = models.CharField(max_length=2_000)
    raised_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    raised_at = models.DateTimeField(default=timezone.now)
    resolution = models.CharField(max_length=2_000, blank=True)
    resolved_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.statement_id}: {self.text[:40]}"


class ReviewEvent(models.Model):
    """A step of the sign-off, in a hash chain of its own per statement: who, when, what, in which words."""

    statement = models.ForeignKey(
        Statement, models.CASCADE, related_name="review_events", db_index=False
    )
    sequence = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=254)
    action = models.CharField(max_length=24)
    position = models.PositiveIntegerField(null=True)
    text = models.CharField(max_length=2_000, blank=True)
    prev_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar[list[str]] = ["statement", "sequence"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["statement", "sequence"], name="review_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.sequence} {self.action}"
