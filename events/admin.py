"""The log, to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from events.models import Event


@admin.register(Event)
class EventAdmin(ModelAdmin):
    """Read-only; found by notification or delivery id, never counted in full."""

    list_display = ("at", "kind", "reason", "notification_id", "delivery_id", "actor")
    search_fields = ("=notification_id", "=delivery_id")
    ordering = ("-id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
