"""A saved view is the history page's address under a name."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from costinsights.accounts.models import User

LONGEST_NAME = 80
LONGEST_FOLDER = 60


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def kept(self) -> "SavedViewQuerySet":
        """Those that nobody has deleted."""
        return self.filter(deleted_at=None)

    def visible_to(self, member: User) -> "SavedViewQuerySet":
        """The member's own, and what others share.

        A limited member sees only the own ones: another's filter names what the limit hides.
        """
        own = Q(owner=member)
        return self.filter(own if member.is_limited else own | Q(is_shared=True))

    def with_marks_of(self, member: User) -> "SavedViewQuerySet":
        """With what each is to the member, read at once: `marks` then holds no other member's."""
        return self.prefetch_related(
            models.Prefetch("marks", SavedViewMark.objects.filter(member=member))
        )

    def in_order(self) -> "SavedViewQuerySet":
        """As menus show them: by folder, then by name; those in no folder first."""
        return self.order_by(Lower("folder"), Lower("name"), "pk")


class SavedView(models.Model):
    """The parameters of the history page as somebody wants to find them again.

    `parameters` are those of the page's address that differ from their defaults. A deleted view is kept for a day, so
    that deleting can be undone. `owner` is null when that member is gone: what was shared stays.
    """

    name = models.CharField(max_length=LONGEST_NAME)
    slug = models.CharField(max_length=60, unique=True, editable=False)
    folder = models.CharField(max_length=LONGEST_FOLDER, blank=True)
    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, editable=False, related_name="saved_views"
    )
    is_shared = models.BooleanField(default=False)
    parameters = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                Lower("name"),
                "owner",
                condition=Q(deleted_at=None),
                name="saved_view_name_once_per_owner",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class SavedViewMark(models.Model):
    """What a saved view is to one member: starred, opened first, last used."""

    view = models.ForeignKey(SavedView, models.CASCADE, related_name="marks")
    member = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    is_starred = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["member", "view"], name="saved_view_mark_once"),
            models.UniqueConstraint(
                fields=["member"], condition=Q(is_default=True), name="saved_view_one_default"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.view_id} of {self.member_id}"
