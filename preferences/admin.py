"""What people said they want, to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from preferences.models import Preferences


@admin.register(Preferences)
class PreferencesAdmin(ModelAdmin):
    """Read-only; found by recipient. People change them through the API."""

    list_display = ("recipient_id", "tenant_id", "updated_at")
    search_fields = ("=recipient_id",)
    ordering = ("-recipient_id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
