"""The ledger's place among the apps, and its partitioned tables."""

from importlib import import_module

from django.apps import AppConfig

from events.partitions import PartitionedTable, declare
from preferences.topics import register_kinds

NOTIFICATION = declare(
    PartitionedTable(
        "notifications_notification", open_rows="status IN ('pending', 'scheduled', 'queued', 'processing')"
    )
)
DELIVERY = declare(
    PartitionedTable("notifications_delivery", open_rows="state IN ('pending', 'claimed', 'sending', 'unknown')")
)
ATTEMPT = declare(
    PartitionedTable(
        "notifications_attempt",
        # A partial unique index cannot span partitions, but a delivery's attempts all lie in one of them. Every attempt
        # is written twice, soon after one another: half of a page is left for the second time.
        each="CREATE UNIQUE INDEX {partition}_one_open ON {partition} (delivery_id) WHERE outcome = '';"
        "ALTER TABLE {partition} SET (fillfactor = 50)",
    )
)


class NotificationsConfig(AppConfig):
    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register_kinds(import_module("notifications.topics").kinds_of)
