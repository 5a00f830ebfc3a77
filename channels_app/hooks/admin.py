"""What providers told us, for operators: to read. Addresses and secrets in raw calls are masked."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from channels_app.hooks.models import HookCall, Report
from channels_app.hooks.store import raw_of
from kernel.crypto import Unreadable
from kernel.scrubbing import scrub_text

MOST_SHOWN_CHARS = 20_000


class ReadOnly(ModelAdmin):
    """Rows that only hooks and their worker write. Never counted in full."""

    ordering = ("-id",)
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(HookCall)
class HookCallAdmin(ReadOnly):
    """Calls as they came."""

    list_display = ("id", "account", "channel", "said", "understood", "trouble", "size_bytes")
    list_filter = ("understood", "provider", "channel")
    search_fields = ("=id", "=account")
    fields = ("id", "tenant_id", "account", "provider", "channel", "said", "understood", "trouble", "size_bytes", "raw")

    @admin.display(description="the call, masked")
    def raw(self, row: HookCall) -> SafeString:
        try:
            text = raw_of(row).decode("utf-8", "replace")
        except Unreadable as trouble:
            return format_html("<em>{}</em>", str(trouble))
        shown = scrub_text(text[:MOST_SHOWN_CHARS])
        return format_html('<pre style="white-space:pre-wrap;overflow-wrap:anywhere">{}</pre>', shown)


@admin.register(Report)
class ReportAdmin(ReadOnly):
    """What the calls said, and what became of it."""

    list_display = ("id", "account", "kind", "code", "outcome", "reason", "tries", "delivery")
    list_filter = ("outcome", "kind", "provider", "channel")
    search_fields = ("=id", "=delivery_id", "=provider_message_id", "=call_id")
    fields = (
        "id", "tenant_id", "call_id", "account", "provider", "channel", "kind", "at", "delivery",
        "provider_message_id", "code", "permanent", "detail", "received_at", "tries", "outcome", "reason", "ended_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        # "At once" is a moment that Python cannot read; what people write to us is for the worker only.
        rows: QuerySet[Report] = super().get_queryset(request).defer("due_at", "private")
        return rows

    @admin.display(description="delivery", ordering="delivery_id")
    def delivery(self, row: Report) -> str | SafeString:
        if row.delivery_id is None:
            return "–"
        try:
            url = reverse("admin:notifications_delivery_change", args=(row.delivery_id,))
        except NoReverseMatch:
            return str(row.delivery_id)
        return format_html('<a href="{}">{}</a>', url, row.delivery_id)
