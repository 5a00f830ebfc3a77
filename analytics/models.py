"""What analytics remembers: counts of stretches of time, made from the log and from nothing else."""

from django.db import models


class OutcomeCount(models.Model):
    """How often an outcome was come to, from `starts_at` on for so many minutes (one of `rules.rollups.GRAINS`).

    The rows of a coarser grain are the sum of those of the finer ones.
    """

    pk = models.CompositePrimaryKey(
        "tenant_id", "mode", "minutes", "starts_at", "channel", "type", "strategy", "outcome", "currency"
    )
    tenant_id = models.UUIDField()
    mode = models.TextField()
    minutes = models.SmallIntegerField()
    starts_at = models.DateTimeField()
    channel = models.TextField()
    type = models.TextField()
    strategy = models.TextField()
    outcome = models.TextField()
    currency = models.TextField()  # of `cost_micros`; empty where nothing was charged
    count = models.BigIntegerField()
    attempts = models.BigIntegerField()  # provider calls that ended so
    timed = models.BigIntegerField()  # of `count`, those whose latency is known
    latency_ms = models.BigIntegerField()  # from when they were to go out at the earliest, summed over `timed`
    cost_micros = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} {self.channel} {self.outcome}: {self.count}"


class LatencyCount(models.Model):
    """How many messages took how long until a provider had them, by bucket of `rules.latency.BOUNDS`."""

    pk = models.CompositePrimaryKey(
        "tenant_id", "mode", "minutes", "starts_at", "channel", "type", "strategy", "bucket"
    )
    tenant_id = models.UUIDField()
    mode = models.TextField()
    minutes = models.SmallIntegerField()
    starts_at = models.DateTimeField()
    channel = models.TextField()
    type = models.TextField()
    strategy = models.TextField()
    bucket = models.SmallIntegerField()
    count = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} {self.channel} bucket {self.bucket}: {self.count}"


class Try(models.Model):
    """A message that a provider took and that may still succeed; kept for as long as success is waited for.

    `segment` and `hour` (of the recipient's week, 0 to 167) are where it was counted, so that its success is counted
    there too. Deleting the recipient takes it along, in the database.
    """

    pk = models.CompositePrimaryKey("tenant_id", "delivery_id")
    tenant_id = models.UUIDField()
    delivery_id = models.UUIDField()
    recipient_id = models.UUIDField()
    channel = models.TextField()
    segment = models.TextField()
    hour = models.SmallIntegerField()
    sent_at = models.DateTimeField()
    engaged = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "tries"
        indexes = (
            models.Index(fields=("sent_at",), name="try_purge"),
            models.Index(fields=("tenant_id", "recipient_id"), name="try_of_recipient"),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.delivery_id}"


class EngagementProfile(models.Model):
    """One person's own history, as `rules.engagement.Profile` tells it, and the segment it puts them into."""

    pk = models.CompositePrimaryKey("tenant_id", "recipient_id")
    tenant_id = models.UUIDField()
    recipient_id = models.UUIDField()
    as_of = models.DateTimeField()
    channels = models.JSONField(default=dict)  # {"email": [tries, successes]}
    parts = models.JSONField(default=dict)  # {"evening": successes}
    segment = models.TextField()

    def __str__(self) -> str:
        return self.segment


class EngagementTally(models.Model):
    """Tries and successes of a segment ("*" = everybody) on a channel in an hour of the week (-1 = all), as faded at
    `as_of`. It tells of nobody in particular."""

    pk = models.CompositePrimaryKey("tenant_id", "segment", "channel", "hour")
    tenant_id = models.UUIDField()
    segment = models.TextField()
    channel = models.TextField()
    hour = models.SmallIntegerField()
    as_of = models.DateTimeField()
    tries = models.FloatField()
    successes = models.FloatField()

    def __str__(self) -> str:
        return f"{self.segment} {self.channel} {self.hour}"
