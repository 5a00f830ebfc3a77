"""What providers told us: every call as it came, and each thing it said until that is applied.

Both tables are partitioned by month of their id. Calls are append-only. Repetitions are known by their digest in a
table of its own, because no unique index spans partitions.
"""

from django.db import models

from events.partitions import PartitionedTable, declare
from kernel.ids import uuid7

HOOK_CALL = declare(PartitionedTable("channels_app_hookcall"))
REPORT = declare(PartitionedTable("channels_app_report", open_rows="due_at IS NOT NULL"))

VISIT = "visit"  # a URL to be asked for, to confirm a subscription
INBOUND = "inbound"  # somebody wrote back


class HookCall(models.Model):
    """One call with a good signature, as it came. `sealed` is the request, compressed and encrypted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(null=True)  # whose account it is; empty = the platform's
    account = models.TextField()
    provider = models.TextField()
    channel = models.TextField()
    understood = models.BooleanField(default=True)
    trouble = models.TextField(default="")  # why it was not understood
    said = models.IntegerField(default=0)  # how many things it told
    size_bytes = models.IntegerField()
    sealed = models.BinaryField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.account} {self.id}"


class Report(models.Model):
    """One thing a provider told us. While `due_at` is set it still has to be applied; `outcome` says how that ended.

    `private` holds what only its use may see, encrypted: who wrote what to us, a URL to visit.
    """

    class Outcome(models.TextChoices):
        OPEN = "", "waiting"
        APPLIED = "applied"
        GIVEN_UP = "given_up", "given up"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(null=True)
    call_id = models.UUIDField()
    account = models.TextField()
    account_id = models.UUIDField(null=True)
    provider = models.TextField()
    channel = models.TextField()
    kind = models.TextField()  # of a receipt, or inbound, or visit
    at = models.DateTimeField()  # by the provider's clock
    delivery_id = models.UUIDField(null=True)
    provider_message_id = models.TextField(default="")
    code = models.TextField(default="")
    permanent = models.BooleanField(default=False)
    private = models.BinaryField(null=True)
    detail = models.JSONField(default=dict, db_default={})  # of what we saw ourselves; empty = a provider told it
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)  # `-infinity` = at once, which Django cannot read
    tries = models.SmallIntegerField(default=0)
    outcome = models.TextField(choices=Outcome, default=Outcome.OPEN)
    reason = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Seen(models.Model):
    """The digest of something that must count once only: an event, or a token that may not come again."""

    digest = models.BinaryField(primary_key=True, max_length=20)
    until = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("until",), name="seen_purge"),)
