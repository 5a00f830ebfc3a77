"""The append-only log and the cursors of its readers."""

from django.db import models

from kernel.ids import uuid7


class Event(models.Model):
    """One line of what happened: status history, audit trail of decisions, outbox and replay source in one.

    Partitioned by month of `id`. `xid` is the transaction that wrote the line: readers stay below the oldest running
    one, so a line that commits late is never skipped.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField()
    kind = models.TextField()
    at = models.DateTimeField()
    notification_id = models.UUIDField(null=True)
    delivery_id = models.UUIDField(null=True)
    reason = models.TextField(default="")
    detail = models.JSONField(default=dict)
    actor = models.TextField(default="")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.reason}".strip()


class Cursor(models.Model):
    """How far one consumer has read: everything up to (`xid`, `event_id`) is done, exactly once per consumer."""

    consumer = models.TextField(primary_key=True)
    xid = models.BigIntegerField(default=0)
    event_id = models.UUIDField(null=True)
    updated_at = models.DateTimeField(auto_now=True)
