"""What people said they want and agreed to, and the addresses that nothing is sent to."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from kernel.ids import uuid7
from preferences.rules.suppression import Reason


class Preferences(models.Model):
    """The wishes of one recipient as one document, see `values.PreferencesBody`. Goes when the recipient goes."""

    recipient_id = models.UUIDField(primary_key=True, editable=False)
    tenant_id = models.UUIDField()
    document = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "preferences"
        indexes = (models.Index(fields=("tenant_id", "recipient_id"), name="preferences_by_tenant"),)

    def __str__(self) -> str:
        return f"preferences of {self.recipient_id}"


class TenantPreferences(models.Model):
    """What a tenant says for all its recipients: for those who say nothing, and what is forced on everybody."""

    tenant_id = models.UUIDField(primary_key=True, editable=False)
    defaults = models.JSONField(default=dict, blank=True)  # see `values.TenantDocument`
    forced = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "tenant preferences"

    def __str__(self) -> str:
        return f"preferences of tenant {self.tenant_id}"


class Override(models.Model):
    """What is wanted for one recipient until a moment, over their own preferences. Goes when the recipient goes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField()
    recipient_id = models.UUIDField()
    document = models.JSONField(default=dict)  # see `values.PreferencesBody`
    note = models.CharField(max_length=200, blank=True, default="")
    created_by = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("recipient_id", "until"), name="override_in_force"),)

    def __str__(self) -> str:
        return f"override for {self.recipient_id} until {self.until:%Y-%m-%d %H:%M}"


class Suppression(models.Model):
    """An address that nothing, or nothing of a kind, is sent to. It knows no person and outlives every one.

    Without a tenant it holds for all of them. `scope` is empty, `category:…` or `type:…`. One that was lifted stays.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(null=True, blank=True)
    channel = models.CharField(max_length=32)
    address_hash = models.BinaryField(max_length=16)  # of `address_hash.hash_of`
    address_masked = models.CharField(max_length=320)
    scope = models.CharField(max_length=120, blank=True, default="")
    reason = models.CharField(max_length=16, choices=[(reason.value, reason.value) for reason in Reason])
    source = models.CharField(max_length=120)  # receipt:<provider>, sms:<provider>, page, key:…, user:…
    note = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=120, blank=True, default="")
    lift_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("tenant_id", "channel", "address_hash", "scope", "reason"),
                condition=Q(lifted_at=None),
                nulls_distinct=False,
                name="suppression_once_in_force",
            ),
            models.CheckConstraint(condition=Q(reason__in=[r.value for r in Reason]), name="suppression_reason_known"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by="") | Q(lifted_at__isnull=False) & ~Q(lifted_by=""),
                name="suppression_lifted_by_somebody",
            ),
        )
        indexes = (
            models.Index(fields=("address_hash",), condition=Q(lifted_at=None), name="suppression_in_force"),
            models.Index(fields=("tenant_id", "-id"), name="suppression_list"),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.address_masked}: {self.reason}"


class AddressKey(models.Model):
    """The key under which addresses are hashed, sealed; there is one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    single = models.BooleanField(unique=True, default=True)
    sealed = models.BinaryField()


class Consent(models.Model):
    """One word of somebody about one purpose: given or withdrawn. Append-only, and it outlives the person.

    `channel` is one or `all`. After an erase `recipient_id` names nobody; `address_hashes` (of `address_hash.hash_of`)
    still find the record for whoever comes with one of the addresses it was given for.
    """

    class State(models.TextChoices):
        GIVEN = "given"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)  # in the order of recording
    tenant_id = models.UUIDField()
    recipient_id = models.UUIDField()
    purpose = models.CharField(max_length=100)
    channel = models.CharField(max_length=32)
    state = models.CharField(max_length=9, choices=State)
    text_version = models.CharField(max_length=100, blank=True)  # of the words that were agreed to
    source = models.CharField(max_length=64)  # api, page, import, sms, …
    actor = models.CharField(max_length=120)
    address_hashes = ArrayField(models.BinaryField(max_length=16), default=list)
    at = models.DateTimeField()  # when it was said
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=Q(state__in=("given", "withdrawn")), name="consent_state_known"),
            models.CheckConstraint(condition=~Q(purpose="") & ~Q(channel=""), name="consent_about_something"),
        )
        indexes = (
            models.Index(fields=("recipient_id", "purpose", "channel", "-at", "state"), name="consent_newest_word"),
            models.Index(fields=("tenant_id", "-id"), name="consent_list"),
            GinIndex(fields=("address_hashes",), name="consent_by_address"),
        )

    def __str__(self) -> str:
        return f"{self.purpose} on {self.channel}: {self.state}"


class ConsentProof(models.Model):
    """What a tenant keeps beside a consent: a form, an IP address, a page. It goes with the person."""

    consent_id = models.UUIDField(primary_key=True, editable=False)
    tenant_id = models.UUIDField()
    recipient_id = models.UUIDField()
    document = models.JSONField(default=dict)


class ConsentRequirements(models.Model):
    """What a tenant demands consent for, see `api.consent_requirements.RequirementsBody`; without a row the default."""

    tenant_id = models.UUIDField(primary_key=True)
    document = models.JSONField(default=list)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "consent requirements"


class ConsentPurpose(models.Model):
    """A purpose that a tenant has records about, so that nobody looks for those of the others."""

    pk = models.CompositePrimaryKey("tenant_id", "purpose")
    tenant_id = models.UUIDField()
    purpose = models.CharField(max_length=100)


class CentreCutoff(models.Model):
    """Links to a person's preference centre that were issued before this moment no longer open it."""

    recipient_id = models.UUIDField(primary_key=True, editable=False)
    tenant_id = models.UUIDField()
    before = models.DateTimeField()
