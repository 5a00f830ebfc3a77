"""The log's place among the apps."""

from django.apps import AppConfig

from events.partitions import PartitionedTable, declare

EVENT = declare(PartitionedTable("events_event"))


class EventsConfig(AppConfig):
    name = "events"
    default_auto_field = "django.db.models.BigAutoField"
