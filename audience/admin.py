"""People, inboxes and lists, for operators. Addresses are masked in lists; erasing goes the way of the service."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from audience.models import Endpoint, InboxItem, Recipient, Segment
from audience.services import erase
from kernel.clock import now
from kernel.masking import mask


class EndpointInline(TabularInline):
    """Where a person can be reached, to read. Secrets and keys are left out."""

    model = Endpoint
    fields = ("channel", "kind", "address", "label", "created_at", "disabled_at", "disabled_reason")
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Recipient)
class RecipientAdmin(ModelAdmin):
    """People come in by the API; here they are found and, when they ask for it, erased."""

    list_display = ("external_id", "tenant", "reachable_at", "locale", "timezone", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("external_id__startswith", "=endpoints__address")
    search_help_text = "The beginning of an external id, or a whole address in normal form"
    ordering = ("-id",)
    show_full_result_count = False
    inlines = (EndpointInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recipient]:
        return super().get_queryset(request).prefetch_related("endpoints")

    @admin.display(description="reachable at")
    def reachable_at(self, person: Recipient) -> str:
        return ", ".join(mask(endpoint.address) for endpoint in person.endpoints.all() if endpoint.disabled_at is None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_deleted_objects(
        self, objs: Iterable[Recipient], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Erasing somebody takes everything of theirs along: whoever may erase them may do that."""
        shown, counts, _, protected = super().get_deleted_objects(objs, request)
        return shown, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: Recipient) -> None:
        _erase(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> None:
        for person in queryset:
            _erase(request, person)


def _erase(request: HttpRequest, person: Recipient) -> None:
    actor = f"user:{request.user.get_username()}"
    erase(tenant_id=person.tenant_id, external_id=person.external_id, actor=actor, at=now())


@admin.register(InboxItem)
class InboxItemAdmin(ModelAdmin):
    """What lies in inboxes, to read."""

    list_display = ("created_at", "tenant", "recipient", "title", "category", "seen_at", "read_at", "archived_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant", "recipient")
    search_fields = ("=id", "=notification_id", "=recipient__external_id")
    search_help_text = "An item's, delivery's or notification's id, or the external id of a person"
    ordering = ("-created_at", "-id")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Segment)
class SegmentAdmin(ModelAdmin):
    """Lists of people; members are kept by the API."""

    list_display = ("key", "name", "tenant", "size", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("key", "name")
    ordering = ("key",)
    readonly_fields = ("tenant", "key", "size", "created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        return super().get_queryset(request).annotate(size=Count("members"))

    @admin.display(description="members")
    def size(self, segment: Any) -> int:
        return int(segment.size)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Segment, form: Any, change: bool) -> None:  # noqa: FBT001
        obj.updated_at = now()
        super().save_model(request, obj, form, change)
