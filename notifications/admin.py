"""The ledger for operators: to read, found by ids and never counted in full; types to make and change."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from audience.selectors import external_ids
from events.models import Event
from kernel.clock import iso, now
from notifications.catalogue import reasons_of
from notifications.forms import TypeForm
from notifications.models import Attempt, Delivery, Notification, NotificationType
from notifications.rules.states import public_status
from notifications.selectors import (
    attempts_of,
    deliveries_of_notification,
    events_of_delivery,
    events_of_notification,
    standing_of,
)
from tenants.models import Tenant
from tenants.services import audit

MOST_COUNTED = 10_000  # rows of a list; beyond it the last page is not the last
MOST_SHOWN = 200  # lines of a timeline, deliveries of a notification


class CappedPaginator(Paginator):
    """Counts no further than anybody turns pages."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        return rows.order_by()[:MOST_COUNTED].count()


class LedgerAdmin(ModelAdmin):
    """Rows that only the pipeline writes."""

    ordering = ("-id",)
    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    searched_by: tuple[str, ...] = ("id",)
    search_fields = ("id",)  # shows the box; `get_search_results` reads it

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By a whole id, through its index."""
        if not search_term:
            return queryset, False
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        found = queryset.none()
        for field in self.searched_by:
            found = queryset.filter(**{field: wanted})
            if found.exists():
                break
        return found, False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Notification)
class NotificationAdmin(LedgerAdmin):
    """What was accepted and how it stands."""

    list_display = ("id", "type", "status", "reason", "priority", "mode", "recipient_count", "created_at")
    list_filter = ("status", "priority", "mode")
    search_help_text = "A whole notification id"
    exclude = ("recipients", "plan_position", "lease_until", "lease_epoch")
    readonly_fields = ("standing", "deliveries", "decisions", "timeline")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        return super().get_queryset(request).defer("recipients")

    @admin.display(description="deliveries by status")
    def standing(self, row: Notification) -> str:
        counts = standing_of(row, at=now()).counts
        return ", ".join(f"{status}: {number}" for status, number in sorted(counts.items())) or "none yet"

    @admin.display(description=f"deliveries (the first {MOST_SHOWN})")
    def deliveries(self, row: Notification) -> SafeString:
        rows = list(deliveries_of_notification(row).order_by("recipient_id", "step", "id")[:MOST_SHOWN])
        names = external_ids({delivery.recipient_id for delivery in rows})
        return _table(
            ("delivery", "recipient", "channel", "step", "status", "reason", "attempts"),
            (
                (
                    _link(delivery),
                    names.get(delivery.recipient_id, "erased"),
                    delivery.channel,
                    delivery.step,
                    _status(delivery),
                    delivery.reason or delivery.wait_reason,
                    delivery.attempts,
                )
                for delivery in rows
            ),
        )

    @admin.display(description="decisions (the first hundred recipients)")
    def decisions(self, row: Notification) -> SafeString:
        heads = ("recipient", "channel", "what", "rule", "what would turn it round")
        return _table(heads, reasons_of(row.id))

    @admin.display(description=f"timeline (the first {MOST_SHOWN} lines)")
    def timeline(self, row: Notification) -> SafeString:
        return _timeline(events_of_notification(row))


@admin.register(Delivery)
class DeliveryAdmin(LedgerAdmin):
    """What became of one notification for one endpoint."""

    list_display = ("id", "channel", "status", "reason", "provider", "attempts", "mode", "created_at")
    list_filter = ("state", "channel", "mode", "provider")
    searched_by = ("id", "notification_id", "recipient_id")
    search_help_text = "A whole delivery, notification or recipient id"
    exclude = ("data", "lease_until", "lease_epoch")
    readonly_fields = ("status", "recipient", "calls", "timeline")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).defer("data")

    @admin.display(ordering="state")
    def status(self, row: Delivery) -> str:
        return _status(row)

    @admin.display()
    def recipient(self, row: Delivery) -> str:
        return external_ids({row.recipient_id}).get(row.recipient_id, "erased")

    @admin.display(description="provider calls")
    def calls(self, row: Delivery) -> SafeString:
        return _table(
            ("number", "account", "begun", "ended", "outcome", "code", "detail"),
            (
                (
                    call.number,
                    call.account or call.provider,
                    iso(call.begun_at),
                    iso(call.ended_at) if call.ended_at else "",
                    call.outcome or "open",
                    call.code,
                    call.detail,
                )
                for call in attempts_of(row)
            ),
        )

    @admin.display()
    def timeline(self, row: Delivery) -> SafeString:
        return _timeline(events_of_delivery(row))


@admin.register(Attempt)
class AttemptAdmin(LedgerAdmin):
    """Every provider call."""

    list_display = ("id", "delivery_id", "number", "provider", "account", "outcome", "code", "begun_at", "ended_at")
    list_filter = ("outcome", "provider")
    searched_by = ("id", "delivery_id")
    search_help_text = "A whole attempt or delivery id"


@admin.register(NotificationType)
class NotificationTypeAdmin(ModelAdmin):
    """A tenant's kinds of messages. Every change is in the trail."""

    form = TypeForm
    list_display = ("key", "name", "tenant", "category", "priority", "strategy", "updated_at")
    list_filter = ("priority", "category")
    search_fields = ("key__startswith", "name__icontains")
    ordering = ("key",)
    readonly_fields = ("created_at", "updated_at")

    @admin.display()
    def tenant(self, row: NotificationType) -> str:
        return str(Tenant.objects.get(id=row.tenant_id))

    def get_readonly_fields(self, request: HttpRequest, obj: NotificationType | None = None) -> Sequence[str]:
        return ("tenant", "key", *self.readonly_fields) if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: NotificationType, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        _note("saved", obj, request, changed=list(form.changed_data))

    def delete_model(self, request: HttpRequest, obj: NotificationType) -> None:
        _note("deleted", obj, request)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[NotificationType]) -> None:
        for row in queryset:
            _note("deleted", row, request)
        super().delete_queryset(request, queryset)


def _note(what: str, row: NotificationType, request: HttpRequest, **detail: Any) -> None:
    actor = f"user:{request.user.get_username()}"
    audit(row.tenant_id, actor=actor, action=f"type.{what}", object=f"type:{row.key}", detail=detail, at=now())


def _status(row: Delivery) -> str:
    due = row.due_at is None or row.due_at <= now()
    return public_status(row.state, reason=row.reason, due=due)


def _link(row: Delivery) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("admin:notifications_delivery_change", args=(row.id,)), row.id)


def _timeline(events: QuerySet[Event]) -> SafeString:
    return _table(
        ("at", "kind", "reason", "actor", "detail"),
        ((iso(event.at), event.kind, event.reason, event.actor, event.detail or "") for event in events[:MOST_SHOWN]),
    )


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> SafeString:
    cells = [format_html_join("", '<td class="pr-4 py-1">{}</td>', ((cell,) for cell in row)) for row in rows]
    if not cells:
        return SafeString("none yet")
    head = format_html_join("", '<th class="pr-4 py-1 text-left">{}</th>', ((name,) for name in heads))
    body = format_html_join("", "<tr>{}</tr>", ((row,) for row in cells))
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)
