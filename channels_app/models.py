"""What roads remember: the provider accounts of tenants and of the platform, and how each of them changed."""

from django.db import models

from channels_app.hooks.models import HookCall, Report, Seen
from kernel.ids import uuid7
from tenants.models import Tenant

__all__ = ["MOST_WEIGHT", "AccountChange", "HookCall", "ProviderAccount", "Report", "Seen"]

MOST_WEIGHT = 1000


class ProviderAccount(models.Model):
    """A provider as somebody configured it. Rows without a tenant are the platform's: everybody's default.

    `config` is what may be shown of the credentials, `secrets` the rest of them, sealed. `share` is the weight that
    evidence left of `weight`. Accounts with a lower `priority` are preferred; the others take over.
    """

    class Mode(models.TextChoices):
        LIVE = "live"
        TEST = "test"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    key = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    provider = models.CharField(max_length=64)
    channel = models.CharField(max_length=32)
    mode = models.CharField(max_length=4, choices=Mode, default=Mode.LIVE)
    config = models.JSONField(default=dict)
    secrets = models.BinaryField()  # JSON, sealed by kernel.crypto
    hook_hash = models.BinaryField()  # SHA-256 of the token in the account's hook URL
    hook_token = models.BinaryField()  # the token, sealed
    enabled = models.BooleanField(default=True)
    weight = models.PositiveSmallIntegerField(default=100)
    share = models.PositiveSmallIntegerField(default=100)
    priority = models.PositiveSmallIntegerField(default=0)
    per_second = models.PositiveIntegerField(null=True, blank=True)
    per_minute = models.PositiveIntegerField(null=True, blank=True)
    per_hour = models.PositiveIntegerField(null=True, blank=True)
    cost_micros = models.PositiveBigIntegerField(default=0)  # millionths of `currency` per unit
    currency = models.CharField(max_length=3, blank=True)  # ISO 4217
    region = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "key"), nulls_distinct=False, name="provider_account_key_unique_per_tenant"
            ),
            models.UniqueConstraint(fields=("hook_hash",), name="provider_account_hook_unique"),
            models.CheckConstraint(condition=models.Q(mode__in=("live", "test")), name="provider_account_mode_known"),
            models.CheckConstraint(
                condition=models.Q(weight__lte=MOST_WEIGHT, share__lte=models.F("weight")),
                name="provider_account_share_within_weight",
            ),
        )

    def __str__(self) -> str:
        return self.name or self.key


class AccountChange(models.Model):
    """One thing that changed about an account, by hand or by evidence. Append-only; it outlives the account.

    `before` and `after` never hold a secret: of one that changed it is told that it did.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(null=True, blank=True)
    account_id = models.UUIDField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=120)  # key:…, user:…, or evidence
    field = models.CharField(max_length=64)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = (models.Index(fields=("account_id", "-id"), name="account_change_story"),)

    def __str__(self) -> str:
        return f"{self.field}: {self.before} → {self.after}"
