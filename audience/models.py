"""Who can be reached where, the lists they are on, and what lies in their inbox.

Rows of one tenant refer to each other by (tenant_id, id): the migration lays those foreign keys, so no row can ever
belong to a person of another tenant. Deleting a recipient takes everything of theirs along, in the database.
"""

from django.db import models
from django.db.models import F, Q

from kernel.ids import uuid7
from tenants.models import Tenant


class Recipient(models.Model):
    """A person of a tenant. `external_id` is the tenant's own id; `locale` and `timezone` are empty when unknown."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=255, db_collation="C")  # "C": prefixes are found by the index
    locale = models.CharField(max_length=35, blank=True, default="")
    timezone = models.CharField(max_length=64, blank=True, default="")
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "external_id"), name="recipient_external_id_unique_per_tenant"),
            models.UniqueConstraint(fields=("tenant", "id"), name="recipient_same_tenant_target"),
        )

    def __str__(self) -> str:
        return self.external_id


class Endpoint(models.Model):
    """One address of a person on one channel, in normal form. A disabled one is kept, so that it stays disabled."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    recipient = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="endpoints", db_constraint=False, db_index=False
    )
    channel = models.CharField(max_length=32)
    kind = models.CharField(max_length=32, blank=True, default="")
    address = models.TextField()
    label = models.CharField(max_length=100, blank=True, default="")
    extra = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "recipient", "channel", "address"), name="endpoint_unique_per_recipient"
            ),
        )
        indexes = (
            models.Index(fields=("recipient",), name="endpoint_of_recipient"),
            models.Index(fields=("tenant", "channel", "address"), name="endpoint_by_address"),
        )

    def __str__(self) -> str:
        return self.channel


class InboxItem(models.Model):
    """A message in somebody's inbox. `id` is its delivery's; `created_at` is when it came into the inbox."""

    id = models.UUIDField(primary_key=True, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    recipient = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="inbox", db_constraint=False, db_index=False
    )
    notification_id = models.UUIDField()
    title = models.TextField()
    body = models.TextField()
    url = models.TextField(blank=True, default="")
    icon = models.TextField(blank=True, default="")
    actions = models.JSONField(default=list, blank=True)
    category = models.CharField(max_length=100, blank=True, default="")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(read_at__isnull=True) | Q(seen_at__isnull=False), name="inbox_item_read_is_seen"
            ),
        )
        indexes = (
            # No index knows seen_at, read_at or archived_at: noting them stays a cheap (HOT) update.
            models.Index(
                F("tenant"), F("recipient"), F("created_at").desc(), F("id").desc(), name="inbox_newest_first"
            ),
        )

    def __str__(self) -> str:
        return self.title


class Segment(models.Model):
    """A list of people. `key` is its name in the API, unique per tenant."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("key",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "key"), name="segment_key_unique_per_tenant"),
            models.UniqueConstraint(fields=("tenant", "id"), name="segment_same_tenant_target"),
        )

    def __str__(self) -> str:
        return self.key


class SegmentMember(models.Model):
    """One person on one list."""

    pk = models.CompositePrimaryKey("tenant_id", "segment_id", "recipient_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, related_name="members", db_constraint=False, db_index=False
    )
    recipient = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="memberships", db_constraint=False, db_index=False
    )
    added_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("tenant", "recipient"), name="segments_of_recipient"),)
