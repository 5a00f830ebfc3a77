"""What people said they want."""

from django.db import models


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
