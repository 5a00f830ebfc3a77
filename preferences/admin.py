"""What people said they want and agreed to, to read; the suppression list, to add to for everybody and to lift from."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from kernel.clock import now
from preferences.address_hash import Contact
from preferences.models import Consent, Override, Preferences, Suppression, TenantPreferences
from preferences.rules import Reason
from preferences.services import NewSuppression, lift, suppress
from tenants.services import audit


class WishesAdmin(ModelAdmin):
    """Read-only: people and tenants change what they want through the API."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Preferences)
class PreferencesAdmin(WishesAdmin):
    list_display = ("recipient_id", "tenant_id", "updated_at")
    search_fields = ("=recipient_id",)
    ordering = ("-recipient_id",)


@admin.register(Override)
class OverrideAdmin(WishesAdmin):
    list_display = ("recipient_id", "tenant_id", "until", "note", "created_by")
    search_fields = ("=recipient_id",)
    ordering = ("-id",)


@admin.register(TenantPreferences)
class TenantPreferencesAdmin(WishesAdmin):
    list_display = ("tenant_id", "updated_at")
    search_fields = ("=tenant_id",)
    ordering = ("-tenant_id",)


@admin.register(Consent)
class ConsentAdmin(WishesAdmin):
    """The hashes that find the records of erased people tell an operator nothing."""

    list_display = ("recipient_id", "purpose", "channel", "state", "text_version", "source", "at", "tenant_id")
    list_filter = ("state", "channel", "source")
    search_fields = ("=recipient_id", "=tenant_id")
    ordering = ("-id",)
    exclude = ("address_hashes",)


class SuppressionForm(forms.ModelForm):
    """An address for all tenants; what is kept of it is its hash."""

    address = forms.CharField(max_length=2048, help_text="In normal form: ana@example.org, +33612345678.")

    class Meta:
        model = Suppression
        fields = ("channel", "address", "note")


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin):
    """Every tenant's. One added here holds for all of them; tenants add their own by the API."""

    form = SuppressionForm
    list_display = ("address_masked", "channel", "reason", "scope", "tenant_id", "source", "created_at", "lifted_at")
    list_filter = ("reason", "channel", ("lifted_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "=tenant_id")
    ordering = ("-id",)
    show_full_result_count = False
    actions = ("lift",)

    @admin.action(description="Lift the selected suppressions")
    def lift(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        actor, at = f"user:{request.user.get_username()}", now()
        owners = dict(queryset.values_list("id", "tenant_id"))
        lifted = lift(list(owners), actor=actor, why="lifted by an operator", at=at)
        for id in lifted:
            if owner := owners[id]:
                audit(owner, actor=actor, action="suppression.lifted", object=f"suppression:{id}", at=at)
        self.message_user(request, f"{len(lifted)} lifted; sends to these addresses may begin again.")

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:  # noqa: FBT001
        contact = Contact(None, obj.channel, form.cleaned_data["address"].strip())
        actor = f"user:{request.user.get_username()}"
        suppress([NewSuppression(contact, Reason.MANUAL, note=obj.note)], source=actor, at=now())

    def log_addition(self, request: HttpRequest, obj: Suppression, message: Any) -> None:
        """The row tells itself who added it."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
