"""What an audit log's tables look like: one pair in each tenant's schema, one for the platform.

Only the database writes them (`core.audit_sql`); a tenant's role may read and nothing else.
"""

from django.db import models


class AuditEntryBase(models.Model):
    """One thing that happened: who, what, to which object, before and after, from where.

    `sequence`, `prev_hash` and `hash` are given when the transaction commits; until then an entry is
    being sealed. `before` and `after` of an update hold the changed columns only; columns whose
    values are never written down are named in `details.withheld`.
    """

    sequence = models.BigIntegerField(null=True, unique=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_identifier = models.CharField(max_length=64)
    actor_label = models.CharField(max_length=254)
    actor_ip = models.CharField(max_length=45)
    request_id = models.CharField(max_length=64)
    action = models.CharField(max_length=64)
    object_type = models.CharField(max_length=63)
    object_id = models.CharField(max_length=64)
    object_label = models.CharField(max_length=254)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    details = models.JSONField()
    transaction_id = models.BigIntegerField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.action} {self.object_label or self.object_id}".rstrip()


class AuditHeadBase(models.Model):
    """The one row at the end of the chain: what was sealed last, and what the last check found.

    `problem` is empty while the chain held at `checked_at` up to `checked_sequence`.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    checked_at = models.DateTimeField(null=True)
    checked_sequence = models.BigIntegerField(null=True)
    problem = models.CharField(max_length=250, default="", db_default="")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"audit log up to entry {self.sequence}"
