"""Provider accounts for operators: those of the platform are made here, those of tenants are seen and switched off.

Everything goes the way of the services; secrets are written and never shown.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from audience.rules.endpoints import read_endpoint
from audience.values import EndpointInput
from channels_app.accounts_stored import opened_account
from channels_app.forms import PLAIN, AccountForm, TestForm
from channels_app.models import AccountChange, ProviderAccount
from channels_app.registry import channels, providers
from channels_app.selectors import standing_of
from channels_app.services import change, create, delete, facts_of
from channels_app.testing import send_test, test_content
from kernel.clock import now

NOBODY = UUID(int=0)


@admin.register(ProviderAccount)
class ProviderAccountAdmin(ModelAdmin):
    """Accounts with how they do. A new one is the platform's: the default of every tenant without its own."""

    form = AccountForm
    list_display = (
        "__str__",
        "owner",
        "provider",
        "channel",
        "mode",
        "enabled",
        "priority",
        "share",
        "weight",
        "health",
    )
    list_filter = ("channel", "provider", "mode", "enabled", ("tenant", admin.EmptyFieldListFilter))
    list_select_related = ("tenant",)
    search_fields = ("key", "name")
    ordering = ("-id",)
    actions = ("enable", "disable", "send_test")

    @admin.display(description="owner", ordering="tenant")
    def owner(self, row: ProviderAccount) -> str:
        return row.tenant.name if row.tenant else "platform"

    @admin.display(description="last ten minutes")
    def health(self, row: ProviderAccount) -> str:
        opened = opened_account(row)
        if opened is None:
            return "unusable: give its credentials again"
        standing = standing_of(opened.account, at=now())
        did = standing.health
        said = "no calls" if did.success is None else f"{did.success:.0%} of {did.calls}, p95 {did.p95_ms} ms"
        trouble = f"; last trouble {standing.last_failure_code}" if standing.last_failure_code else ""
        return f"{standing.breaker.replace('_', ' ')}: {said}{trouble}"

    @admin.display(description="hook URL")
    def hook(self, row: ProviderAccount) -> str:
        opened = opened_account(row)
        return opened.account.hook_url if opened else ""

    def get_fieldsets(self, request: HttpRequest, obj: ProviderAccount | None = None) -> Any:
        seen = ("owner", "share", "health", "hook", "created_at", "updated_at") if obj else ()
        return ((None, {"fields": ("key", "provider", "mode", "credentials", *PLAIN, *seen)}),)

    def get_readonly_fields(self, request: HttpRequest, obj: ProviderAccount | None = None) -> Sequence[str]:
        if obj is None:
            return ()
        return ("key", "provider", "mode", "owner", "share", "health", "hook", "created_at", "updated_at")

    def save_model(self, request: HttpRequest, obj: ProviderAccount, form: Any, change: bool) -> None:  # noqa: FBT001
        if not change:
            made = create(form.facts(), tenant_id=None, actor=_actor(request), at=now())
            obj.id, obj.created_at = made.id, made.created_at
            return
        _change(form.initial_row(), form.facts(), request)

    def delete_model(self, request: HttpRequest, obj: ProviderAccount) -> None:
        delete(obj, actor=_actor(request), at=now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ProviderAccount]) -> None:
        for row in queryset:
            delete(row, actor=_actor(request), at=now())

    @admin.action(description="Enable the selected accounts", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[ProviderAccount]) -> None:
        self._switch(request, queryset, enabled=True)

    @admin.action(description="Disable the selected accounts", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[ProviderAccount]) -> None:
        self._switch(request, queryset, enabled=False)

    @admin.action(description="Send a test message through the selected account", permissions=["change"])
    def send_test(self, request: HttpRequest, queryset: QuerySet[ProviderAccount]) -> HttpResponse | None:
        row = queryset.first()
        if row is None or queryset.count() != 1:
            self.message_user(request, "Select one account to test.", messages.ERROR)
            return None
        filled = TestForm(request.POST) if "confirmed" in request.POST else TestForm()
        if filled.is_bound and filled.is_valid() and (trouble := _test_later(row, filled.cleaned_data["to"])):
            filled.add_error("to", trouble)
        if not filled.is_bound or not filled.is_valid():
            return self._asked(request, row, filled)
        self.message_user(request, "The test message is on its way; how it went is told under “last ten minutes”.")
        return None

    def _switch(self, request: HttpRequest, queryset: QuerySet[ProviderAccount], *, enabled: bool) -> None:
        moved = sum(_change(row, replace(facts_of(row), enabled=enabled), request) for row in queryset)
        self.message_user(
            request, f"{moved} {'enabled' if enabled else 'disabled'}; every process follows in a second."
        )

    def _asked(self, request: HttpRequest, row: ProviderAccount, form: TestForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Test an account",
            "opts": self.opts,
            "question": f"Send a real message through {row}?",
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "back": request.get_full_path(),
            "form": form,
        }
        return TemplateResponse(request, "admin/channels_app/account_test.html", context)


@admin.register(AccountChange)
class AccountChangeAdmin(ModelAdmin):
    """The story of accounts, to read."""

    list_display = ("at", "account_id", "actor", "field", "before", "after", "reason")
    list_filter = ("field",)
    search_fields = ("=account_id", "=actor")
    ordering = ("-id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _change(row: ProviderAccount, wanted: Any, request: HttpRequest) -> bool:
    return change(row, wanted, actor=_actor(request), at=now())


def _test_later(row: ProviderAccount, to: str) -> str:
    """Send a test once the page's transaction has ended: none may be open during a call. Or what stands in the way."""
    opened, channel = opened_account(row), channels.get(row.channel)
    if opened is None or not channel.needs_endpoint:
        return "this account cannot be tested here"
    kind = next(iter(providers.get(row.provider).kinds), "")
    given = EndpointInput(channel=channel.key, address=to, kind=kind)
    endpoint = read_endpoint(given, pointer="", plain_http=frozenset(settings.EGRESS_ALLOW))
    if isinstance(endpoint, tuple):
        return "; ".join(fault.message for fault in endpoint)
    content = test_content(channel, None)
    if isinstance(content, tuple):
        return "; ".join(fault.message for fault in content)
    send = partial(
        send_test,
        opened.account,
        tenant_id=row.tenant_id or NOBODY,
        recipient=(NOBODY, "test"),
        endpoint=endpoint,
        kind=kind,
        content=content,
    )
    transaction.on_commit(send, robust=True)
    return ""


def _actor(request: HttpRequest) -> str:
    return f"user:{request.user.get_username()}"
