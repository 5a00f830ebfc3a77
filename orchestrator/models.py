"""What the conductor remembers: strategies as a tenant configured them, dead letters, and its timekeepers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from kernel.ids import uuid7
from tenants.models import Tenant


class Strategy(models.Model):
    """A tenant's configuration of a registered kind of strategy. `version` grows with every change."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField()
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=100)  # key of a registered strategy
    configuration = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("tenant_id", "key"), name="strategy_key_unique_per_tenant"),)
        verbose_name_plural = "strategies"

    def __str__(self) -> str:
        return self.name


class DeadLetter(models.Model):
    """A delivery that ran out of ways, kept for people: to tag, to replay, to discard. Its id is the delivery's."""

    class State(models.TextChoices):
        OPEN = "open"
        REPLAYED = "replayed"
        DISCARDED = "discarded"

    id = models.UUIDField(primary_key=True, editable=False)
    tenant_id = models.UUIDField()
    notification_id = models.UUIDField()
    channel = models.CharField(max_length=32)
    provider = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=64)
    error = models.JSONField(default=dict)  # {"code", "detail"} of the last trouble
    attempts = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    added_at = models.DateTimeField()
    replays = models.PositiveSmallIntegerField(default=0)
    replayed_at = models.DateTimeField(null=True, blank=True)
    discarded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=("tenant_id", "id"), name="dead_letter_list"),
            models.Index(fields=("tenant_id", "id"), name="dead_letter_open", condition=models.Q(state="open")),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=("open", "replayed", "discarded")), name="dead_letter_state_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.id}: {self.reason}"


class Decision(models.Model):
    """What was decided for a page of recipients of one notification: the facts, and a digest of what followed.

    `facts` and `outcome` are those of `rules/record.py`, by the rules of version `rules`. Partitioned by month of id.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    tenant_id = models.UUIDField()
    notification_id = models.UUIDField()
    recipients = models.IntegerField()
    rules = models.IntegerField()
    at = models.DateTimeField()
    facts = models.BinaryField()
    outcome = models.BinaryField(max_length=16)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.recipients} decisions of {self.notification_id}"


class Sighting(models.Model):
    """What a person was told, by the digest of what makes it the same message, and until when saying it again is one
    time too many. Deleting the recipient takes it along, in the database."""

    pk = models.CompositePrimaryKey("tenant_id", "recipient_id", "digest")
    tenant_id = models.UUIDField()
    recipient_id = models.UUIDField()
    digest = models.BinaryField(max_length=16)
    notification_id = models.UUIDField()
    seen_at = models.DateTimeField()
    until = models.DateTimeField()
    scope = models.BigIntegerField(null=True)  # among which alike is enough; None = only the same is the same
    simhash = models.BigIntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=("until",), name="sighting_purge"),)


class KeptLink(models.Model):
    """A link in a text message under its short name. Deleting the recipient takes it along, in the database."""

    code = models.CharField(primary_key=True, max_length=11)
    tenant_id = models.UUIDField()
    recipient_id = models.UUIDField()
    delivery_id = models.UUIDField()
    number = models.PositiveSmallIntegerField()  # its place among the links of the message, from 1
    address = models.TextField()
    counts = models.BooleanField()  # whether following it is noted
    created_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=("created_at",), name="kept_link_purge"),
            models.Index(fields=("tenant_id", "recipient_id"), name="kept_link_recipient"),
        )

    def __str__(self) -> str:
        return f"link {self.number} of {self.delivery_id}"


class Timekeeper(models.Model):
    """A timekeeper at work: until when it sleeps unless it is notified, and when it last was awake."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    wakes_at = models.DateTimeField()
    seen_at = models.DateTimeField()


class Digest(models.Model):
    """What is gathered for a person to be told as one. While it is `open` others join; there is one open per place.

    `closing`: nobody joins any more, it is due. `closes_at` never moves beyond `latest_at`. `policy` is the
    `DigestPolicy` it was opened under. `count` are its items, those left out meanwhile among them.
    """

    class State(models.TextChoices):
        OPEN = "open"
        CLOSING = "closing"
        CLOSED = "closed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField()
    recipient_id = models.UUIDField()
    mode = models.TextField(default="live")
    type = models.TextField()
    name = models.TextField()
    key = models.TextField(default="")
    state = models.TextField(choices=State)
    policy = models.JSONField(default=dict)
    priority = models.SmallIntegerField()  # of its most urgent item
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    latest_at = models.DateTimeField()
    count = models.IntegerField(default=0)
    leader_id = models.UUIDField(null=True)  # the notification that went out at once and opened it
    closed_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="")  # together | one_by_one | nothing
    notification_id = models.UUIDField(null=True)  # that told them together

    class Meta:
        indexes = (
            models.Index(fields=("closes_at",), name="digest_timer", condition=models.Q(state__in=("open", "closing"))),
            models.Index(fields=("closed_at",), name="digest_purge", condition=models.Q(closed_at__isnull=False)),
            models.Index(
                fields=("notification_id",),
                name="digest_of_notification",
                condition=models.Q(notification_id__isnull=False),
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("tenant_id", "id"), name="digest_unique_in_tenant"),
            models.UniqueConstraint(
                fields=("tenant_id", "recipient_id", "mode", "type", "name", "key"),
                condition=models.Q(state="open"),
                name="digest_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("open", "closing", "closed")), name="digest_state_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.name} {self.id}"


class DigestItem(models.Model):
    """A message that waits in a digest. `left_out`: why it was not told after all; `sent_as`: it was sent by itself."""

    pk = models.CompositePrimaryKey("tenant_id", "digest_id", "notification_id")
    tenant_id = models.UUIDField()
    digest_id = models.UUIDField()
    notification_id = models.UUIDField()
    type = models.TextField(default="")
    at = models.DateTimeField()
    data = models.JSONField(default=dict)  # the notification's and what it said for this person; may be changed
    expires_at = models.DateTimeField(null=True)
    left_out = models.TextField(default="")  # "" or a `LeftOut` of rules/digest_items.py
    channels = ArrayField(models.TextField(), default=list, db_default=[])  # on which it was gathered; empty: not known
    sent_as = models.UUIDField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("notification_id",), name="digest_item_of_notification"),
            models.Index(fields=("sent_as",), name="digest_item_sent_as", condition=models.Q(sent_as__isnull=False)),
        )


class StrategyVersion(models.Model):
    """A strategy as it was at one of its versions; never changed, and kept when the strategy is deleted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField()
    key = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=100)
    configuration = models.JSONField(default=dict)
    active = models.BooleanField()
    actor = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("tenant_id", "key", "version"), name="strategy_version_unique_per_tenant"),
        )

    def __str__(self) -> str:
        return f"{self.key}@{self.version}"


class StrategyDefault(models.Model):
    """The strategy of a tenant's messages that ask for none and whose type has none."""

    tenant_id = models.UUIDField(primary_key=True, editable=False)
    strategy = models.CharField(max_length=100)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.strategy


class Experiment(models.Model):
    """A comparison of ways to tell people something. `salt` decides who gets which arm, and never changes."""

    class State(models.TextChoices):
        DRAFT = "draft"
        RUNNING = "running"
        STOPPED = "stopped"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField()
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    types = ArrayField(models.CharField(max_length=100), default=list, blank=True)  # whose messages; empty = all
    arms = models.JSONField(default=list)  # [{"key", "weight", "strategy"?, "template"?}]; the first is the control
    holdout_percent = models.FloatField(default=0)  # of the recipients, who get nothing at all
    goal = models.CharField(max_length=16)  # what counts: delivered, opened or clicked
    salt = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("tenant_id", "key"), name="experiment_key_unique_per_tenant"),
            models.UniqueConstraint(fields=("tenant_id", "id"), name="experiment_same_tenant_target"),
            models.CheckConstraint(
                condition=models.Q(state__in=("draft", "running", "stopped")), name="experiment_state_known"
            ),
        )
        indexes = (models.Index(fields=("tenant_id",), name="experiment_running", condition=models.Q(state="running")),)

    def __str__(self) -> str:
        return self.name


class Exposure(models.Model):
    """One message to one person, planned as an arm of an experiment says. Goes when the recipient goes."""

    pk = models.CompositePrimaryKey("tenant_id", "experiment_id", "recipient_id", "notification_id")
    tenant_id = models.UUIDField()
    experiment_id = models.UUIDField()
    recipient_id = models.UUIDField()
    notification_id = models.UUIDField()
    arm = models.CharField(max_length=64)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.arm


class Quota(models.Model):
    """How many messages the operator lets a tenant begin in a period, and what becomes of the others.

    `channel` and `account` are empty, or one of them says what alone is counted.
    """

    class Period(models.TextChoices):
        DAY = "day"
        MONTH = "month"

    class Over(models.TextChoices):
        WAIT = "wait"
        SKIP = "skip"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=32, blank=True)
    account = models.CharField(max_length=200, blank=True)  # the key of a provider account
    period = models.CharField(max_length=5, choices=Period)
    allowed = models.BigIntegerField()
    over = models.CharField(max_length=4, choices=Over, default=Over.WAIT)
    updated_at = models.DateTimeField()

    used: int  # where it was asked for, see `selectors_quotas.with_use`

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("tenant", "channel", "account", "period"), name="quota_unique_per_tenant"),
            models.CheckConstraint(
                condition=models.Q(channel="") | models.Q(account=""), name="quota_counts_one_thing"
            ),
            models.CheckConstraint(condition=models.Q(allowed__gte=0), name="quota_not_negative"),
            models.CheckConstraint(condition=models.Q(period__in=("day", "month")), name="quota_period_known"),
            models.CheckConstraint(condition=models.Q(over__in=("wait", "skip")), name="quota_over_known"),
        )

    def __str__(self) -> str:
        return f"{self.allowed} a {self.period}: {self.account or self.channel or 'everything'}"


class QuotaUse(models.Model):
    """How much of a quota is used in the period that begins on a day. Written by `services/quotas.py` alone."""

    pk = models.CompositePrimaryKey("tenant_id", "channel", "account", "period", "starts_on")
    tenant_id = models.UUIDField()
    channel = models.CharField(max_length=32)
    account = models.CharField(max_length=200)
    period = models.CharField(max_length=5)
    starts_on = models.DateField()
    used = models.BigIntegerField()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(used__gte=0), name="quota_use_not_negative"),)
        indexes = (models.Index(fields=("starts_on",), name="quota_use_purge"),)

    def __str__(self) -> str:
        return f"{self.used} since {self.starts_on}"
