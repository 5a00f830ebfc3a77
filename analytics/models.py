"""What analytics remembers: counts per hour, made from the log and from nothing else."""

from django.db import models


class Rollup(models.Model):
    """How often an outcome was come to in an hour (UTC), per channel, type and strategy."""

    pk = models.CompositePrimaryKey("tenant_id", "hour", "channel", "type", "strategy", "outcome")
    tenant_id = models.UUIDField()
    hour = models.DateTimeField()
    channel = models.TextField()
    type = models.TextField()
    strategy = models.TextField()
    outcome = models.TextField()
    count = models.BigIntegerField()
    attempts = models.BigIntegerField()  # provider calls that ended so
    timed = models.BigIntegerField()  # of `count`, those whose latency is known
    latency_ms = models.BigIntegerField()  # from when they were to go out at the earliest, summed over `timed`
    cost_micros = models.BigIntegerField(default=0)  # millionths of the tenant's currency; no provider tells costs yet

    class Meta:
        indexes = (models.Index(fields=("hour",), name="rollup_by_hour"),)

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00 {self.channel} {self.outcome}: {self.count}"
