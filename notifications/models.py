"""The ledger: what was accepted, whom it became deliveries to, and every provider call.

`notification`, `delivery` and `attempt` are partitioned by month of their id. A delivery's id is derived from its
notification's and an attempt's from its delivery's, so all three lie in partitions of the same month. They carry no
foreign keys (docs/decisions/0003); the pipeline writes them together and `verify_ledger` checks them.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from kernel.ids import uuid7
from notifications.fields import DueField
from notifications.rules.states import DeliveryState, NotificationStatus


class Priority(models.IntegerChoices):
    CRITICAL = 0, "critical"
    HIGH = 1, "high"
    MEDIUM = 2, "medium"
    LOW = 3, "low"


class UnknownPolicy(models.TextChoices):
    """What to do when a provider's answer was lost and it honours no key."""

    AT_LEAST_ONCE = "at_least_once"  # send again: better twice than never
    AT_MOST_ONCE = "at_most_once"  # hold for a receipt, then give up: better never than twice


class NotificationType(models.Model):
    """A kind of message and its defaults. `ttl_seconds` after which what was not sent is no longer worth sending."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField()
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=100, blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.MEDIUM)
    strategy = models.CharField(max_length=100, blank=True)
    channels = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    template = models.CharField(max_length=100, blank=True)
    ttl_seconds = models.PositiveIntegerField(default=259_200)
    unknown_policy = models.CharField(max_length=16, choices=UnknownPolicy, default=UnknownPolicy.AT_LEAST_ONCE)
    policy = models.JSONField(default=dict, blank=True, db_default={})  # see `rules.policy.TypePolicy`
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("tenant_id", "key"), name="type_key_unique_per_tenant"),
            models.CheckConstraint(condition=models.Q(priority__lte=3), name="type_priority_known"),
            models.CheckConstraint(
                condition=models.Q(unknown_policy__in=UnknownPolicy.values), name="type_unknown_policy_known"
            ),
        )

    def __str__(self) -> str:
        return self.key


class Notification(models.Model):
    """One accepted request, to one or many recipients.

    `recipients` is a list of `{"id": uuid, "data"?: {…}}`; with `segment_id` it is empty and the segment is read in
    pages at planning. While planning is due `due_at` is set; `plan_position` tells how far the pages have come.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField()
    mode = models.TextField(default="live")
    type = models.TextField(default="")
    category = models.TextField(default="")
    priority = models.SmallIntegerField(choices=Priority, default=Priority.MEDIUM)
    strategy = models.TextField()
    channels = ArrayField(models.TextField(), default=list)
    content = models.JSONField(default=dict)
    data = models.JSONField(default=dict)
    recipients = models.JSONField(default=list)
    segment_id = models.UUIDField(null=True)
    recipient_count = models.IntegerField()
    status = models.TextField(choices=[(s.value, s.value) for s in NotificationStatus], default="queued")
    reason = models.TextField(default="")
    unknown_policy = models.TextField(default="at_least_once")
    scheduled_at = models.DateTimeField(null=True)
    scheduled_local = models.TextField(default="")  # wall-clock time in each recipient's zone, "2026-12-25T10:00:00"
    recurrence = models.TextField(default="")
    template = models.TextField(default="", db_default="")  # key, key@7 or key@draft; channels in `content` need none
    expires_at = models.DateTimeField(null=True)
    cancellation_key = models.TextField(default="")
    correlation_id = models.TextField(default="")
    idempotency_key = models.TextField(default="")
    dedup = models.JSONField(default=dict)
    tags = ArrayField(models.TextField(), default=list)
    metadata = models.JSONField(default=dict)
    traceparent = models.TextField(default="")
    actor = models.TextField(default="")
    created_at = models.DateTimeField()
    due_at = DueField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_epoch = models.IntegerField(default=0)
    crashes = models.SmallIntegerField(default=0)
    plan_position = models.TextField(default="")
    planned_count = models.IntegerField(default=0)
    planned_at = models.DateTimeField(null=True)
    first_sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.type or 'notification'} {self.id}"


class Delivery(models.Model):
    """One notification to one recipient's endpoint on one channel, as one step of a strategy."""

    id = models.UUIDField(primary_key=True, editable=False)
    tenant_id = models.UUIDField()
    notification_id = models.UUIDField()
    recipient_id = models.UUIDField()
    endpoint_id = models.UUIDField(null=True)
    channel = models.TextField()
    step = models.SmallIntegerField(default=0)
    last_step = models.SmallIntegerField(default=0)
    mode = models.TextField(default="live")
    state = models.TextField(choices=[(s.value, s.value) for s in DeliveryState], default="pending")
    reason = models.TextField(default="")
    wait_reason = models.TextField(default="")
    lane = models.SmallIntegerField()  # 0-3 the priority; 4 retries; 5 replayed dead letters
    priority = models.SmallIntegerField(choices=Priority)
    due_at = DueField(null=True)
    expires_at = models.DateTimeField(null=True)
    lease_epoch = models.IntegerField(default=0)  # fencing token, only grows
    lease_until = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)  # provider calls begun
    attempts_before = models.SmallIntegerField(default=0)  # of them before the last replay, which gave a new budget
    crashes = models.SmallIntegerField(default=0)  # leases that ran out
    unknown_policy = models.TextField(default="at_least_once")
    fallback_seconds = models.IntegerField(default=60)  # after this step failed the next one is due that soon
    data = models.JSONField(null=True)  # what the request said for this recipient only
    template_version_id = models.UUIDField(null=True)  # whose words it is sent with; None = the notification's own
    locale = models.TextField(default="", db_default="")  # in which the words are written; "" = the ones without any
    # What its strategy counts as success: sent, delivered, seen, read or clicked; "" = delivered, as far as it is told.
    success = models.TextField(default="", db_default="")
    succeeded = models.BooleanField(
        default=False
    )  # as its strategy counts it: delivered, or sent where no more is heard
    provider = models.TextField(default="")
    provider_message_id = models.TextField(default="")
    cost_micros = models.BigIntegerField(default=0, db_default=0)  # millionths of `currency`
    currency = models.TextField(default="", db_default="")  # ISO 4217
    error = models.JSONField(null=True)  # {"code", "detail"} of the last trouble
    tallied = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.channel} {self.id}"


class Attempt(models.Model):
    """One provider call. The row is committed before the call begins; `outcome` is empty until the answer is known."""

    id = models.UUIDField(primary_key=True, editable=False)
    tenant_id = models.UUIDField()
    delivery_id = models.UUIDField()
    number = models.SmallIntegerField()
    lease_epoch = models.IntegerField()
    provider = models.TextField()
    account = models.TextField(default="")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="")  # "" | sent | retry | refused | unknown
    code = models.TextField(default="")
    detail = models.TextField(default="")
    provider_message_id = models.TextField(default="")

    class Meta:
        ordering = ("delivery_id", "number")

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.delivery_id}"


class Tally(models.Model):
    """How many deliveries of a large notification are in a state; kept by the trigger that guards the moves.

    `shard` spreads concurrent writers over rows; sum over it.
    """

    pk = models.CompositePrimaryKey("notification_id", "state", "shard")
    notification_id = models.UUIDField()
    state = models.TextField()
    shard = models.SmallIntegerField()
    tenant_id = models.UUIDField()
    count = models.IntegerField()

    class Meta:
        verbose_name_plural = "tallies"
