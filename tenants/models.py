"""Who owns what: tenants, their keys, what they asked before (idempotency) and what was done in their name (audit)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from kernel.ids import uuid7


class Tenant(models.Model):
    """An isolated customer of the platform. `key` is its short name in commands and logs; `timezone` an IANA name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("key",), name="tenant_key_unique"),)

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A key of a tenant. The secret is shown once and kept only as a keyed hash; `public_id` finds the row."""

    class Mode(models.TextChoices):
        LIVE = "live"
        TEST = "test"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=200, blank=True)
    mode = models.CharField(max_length=4, choices=Mode)
    public_id = models.CharField(max_length=16)
    secret_hash = models.BinaryField()
    scopes = ArrayField(models.CharField(max_length=16))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("public_id",), name="api_key_public_id_unique"),
            models.CheckConstraint(condition=models.Q(mode__in=("live", "test")), name="api_key_mode_known"),
        )

    def __str__(self) -> str:
        return f"crl_{self.mode}_{self.public_id}…"


class IdempotencyRecord(models.Model):
    """The answer to a request that succeeded, to be given again for the same key until `expires_at`."""

    # One row per POST: no foreign key, whose check would lock the tenant's row a thousand times a second.
    pk = models.CompositePrimaryKey("tenant_id", "key")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField()
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("expires_at",), name="idempotency_expiry"),)


class AuditEntry(models.Model):
    """What a person or key did in a tenant's name. Append-only: a trigger refuses every change."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    action = models.CharField(max_length=80)
    object = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = (models.Index(fields=("tenant", "-id"), name="audit_by_tenant"),)
        verbose_name_plural = "audit entries"
