"""A note beside the costs of a day or of several."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from costinsights.accounts.models import User

LONGEST_TEXT = 500
LONGEST_FILTER = 2_000


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def visible_to(self, member: User) -> "AnnotationQuerySet":
        """Everything, or for a limited member the own notes and those that are about no part of the costs.

        A cluster or filter that a note is about may name what the limit hides.
        """
        if not member.is_limited:
            return self
        return self.filter(Q(cluster=None, filter_text="") | Q(author=member))


class Annotation(models.Model):
    """What happened from `first_day` to `last_day`, both included, in UTC.

    With a cluster or a filter it is about that part of the costs; without, about all of them.
    """

    first_day = models.DateField()
    last_day = models.DateField()
    text = models.CharField(max_length=LONGEST_TEXT)
    cluster = models.ForeignKey(
        "costs.Cluster", models.CASCADE, null=True, blank=True, related_name="annotations"
    )
    filter_text = models.CharField(max_length=LONGEST_FILTER, blank=True)
    author = models.ForeignKey(
        User, models.SET_NULL, null=True, editable=False, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["first_day", "last_day"], name="annotation_by_day")
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="annotation_runs_forward"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="annotation_has_a_text"),
        ]

    def __str__(self) -> str:
        return self.text[:80]
