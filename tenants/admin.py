"""Tenants, their keys without secrets, and the trail, for operators."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from kernel.clock import now
from tenants.models import ApiKey, AuditEntry, Tenant
from tenants.services import audit, revoke_key


@admin.register(Tenant)
class TenantAdmin(ModelAdmin):
    """Tenants are made here or by `create_tenant`; their key never changes and they are not deleted by a click."""

    list_display = ("name", "key", "timezone", "created_at")
    search_fields = ("key", "name")
    ordering = ("key",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return ("id", "key", "created_at") if obj else ()

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        action = "tenant.changed" if change else "tenant.created"
        audit(obj.id, actor=_actor(request), action=action, object=f"tenant:{obj.key}", at=now())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    """Keys are issued by the API or `create_key`, which show them once; here they are seen and revoked."""

    list_display = ("__str__", "tenant", "name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
    list_filter = ("mode", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("public_id", "name")
    ordering = ("-id",)
    exclude = ("secret_hash",)
    actions = ("revoke",)

    @admin.action(description="Revoke the selected keys")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        revoked = sum(revoke_key(key, actor=_actor(request), at=now()) for key in queryset)
        self.message_user(request, f"{revoked} revoked; every process refuses them within a second.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ModelAdmin):
    """The trail, to read."""

    list_display = ("at", "tenant", "actor", "action", "object")
    list_filter = ("tenant", "action")
    list_select_related = ("tenant",)
    search_fields = ("=actor", "=action", "=object")
    ordering = ("-id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _actor(request: HttpRequest) -> str:
    return f"user:{request.user.get_username()}"
