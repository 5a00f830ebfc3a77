"""Dead letters to deal with and strategies to tune, for operators. Everything goes the way of the services."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from kernel.clock import now
from orchestrator.forms import DiscardForm, QuotaForm, ReplayForm, StrategyForm, TagForm
from orchestrator.models import DeadLetter, Experiment, Quota, Strategy, StrategyVersion, Timekeeper
from orchestrator.selectors_quotas import with_use
from orchestrator.services import dead_letters
from orchestrator.services.quota_setting import Place, lift_quota, set_quota
from orchestrator.services.replays import Named, replay
from orchestrator.services.strategies import Configured, StrategyInUse, save

MOST_SELECTED = 10_000  # more than anybody looked at; the command takes any number

Do = Callable[[UUID, list[UUID], dict[str, Any]], int]


class TagFilter(admin.SimpleListFilter):
    """One tag of those in use."""

    title = "tag"
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tagged = DeadLetter.objects.exclude(tags=[]).values_list("tags", flat=True)[:1000]
        return [(tag, tag) for tag in sorted({tag for tags in tagged for tag in tags})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> QuerySet[DeadLetter]:
        return queryset.filter(tags__contains=[self.value()]) if self.value() else queryset


@admin.register(DeadLetter)
class DeadLetterAdmin(ModelAdmin):
    """Found, tagged, replayed and discarded; never edited. Each action asks once more before it acts."""

    list_display = ("id", "state", "channel", "provider", "reason", "attempts", "replays", "labels", "added_at")
    list_filter = ("state", "channel", "provider", "reason", TagFilter, "added_at")
    search_fields = ("=id", "=notification_id")
    ordering = ("-id",)
    show_full_result_count = False
    actions = ("replay", "tag", "discard")

    @admin.display(description="tags")
    def labels(self, letter: DeadLetter) -> str:
        return ", ".join(letter.tags)

    @admin.action(description="Replay the selected dead letters", permissions=["operate"])
    def replay(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        def do(tenant_id: UUID, ids: list[UUID], said: dict[str, Any]) -> int:
            rate = said["rate_per_second"]
            done = replay(Named(ids), tenant_id=tenant_id, rate_per_second=rate, actor=_actor(request), at=now())
            return done.replayed

        return self._asked(request, queryset, verb="Replay", form=ReplayForm, do=do, done="replayed")

    @admin.action(description="Tag the selected dead letters", permissions=["operate"])
    def tag(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        def do(tenant_id: UUID, ids: list[UUID], said: dict[str, Any]) -> int:
            return dead_letters.tag(ids, tenant_id=tenant_id, **said, actor=_actor(request), at=now())

        return self._asked(request, queryset, verb="Tag", form=TagForm, do=do, done="changed")

    @admin.action(description="Discard the selected dead letters", permissions=["operate"])
    def discard(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        def do(tenant_id: UUID, ids: list[UUID], said: dict[str, Any]) -> int:
            return dead_letters.discard(ids, tenant_id=tenant_id, **said, actor=_actor(request), at=now())

        return self._asked(request, queryset, verb="Discard", form=DiscardForm, do=do, done="discarded")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may change dead letters may act on them, though nobody edits them."""
        return bool(request.user.has_perm("orchestrator.change_deadletter"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _asked(
        self,
        request: HttpRequest,
        queryset: QuerySet[DeadLetter],
        *,
        verb: str,
        form: type[forms.Form],
        do: Do,
        done: str,
    ) -> HttpResponse | None:
        """Ask, then `do` it tenant by tenant. `None` leads back to the list."""
        confirmed = "confirmed" in request.POST
        filled = form(request.POST) if confirmed else form()
        if not confirmed or not filled.is_valid():
            return self._question(request, queryset, verb=verb, form=filled)
        chosen: dict[UUID, list[UUID]] = {}
        for id, tenant_id in queryset.order_by("id").values_list("id", "tenant_id")[:MOST_SELECTED]:
            chosen.setdefault(tenant_id, []).append(id)
        count = sum(do(tenant_id, ids, filled.cleaned_data) for tenant_id, ids in chosen.items())
        selected = sum(map(len, chosen.values()))
        self.message_user(request, f"{count} of {selected} {done}.", messages.SUCCESS if count else messages.WARNING)
        return None

    def _question(
        self, request: HttpRequest, queryset: QuerySet[DeadLetter], *, verb: str, form: forms.Form
    ) -> HttpResponse:
        total = queryset.count()
        noun = "dead letter" if total == 1 else "dead letters"
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb} {noun}",
            "opts": self.opts,
            "question": f"{verb} {total} {noun}?",
            "selection_reasons": queryset.order_by().values("channel", "reason").annotate(count=Count("id"))[:20],
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "action": request.POST.get("action", ""),
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "back": request.get_full_path(),
            "form": form,
            "verb": verb,
        }
        return TemplateResponse(request, "admin/orchestrator/dead_letter_action.html", context)


@admin.register(Strategy)
class StrategyAdmin(ModelAdmin):
    """A tenant's strategies. They are made by the API and tuned here too; every change is a new version."""

    form = StrategyForm
    list_display = ("name", "key", "kind", "version", "active", "updated_at")
    list_filter = ("kind", "active")
    search_fields = ("key", "name")
    ordering = ("key",)
    readonly_fields = ("tenant_id", "key", "version", "created_at", "updated_at")

    def save_model(self, request: HttpRequest, obj: Strategy, form: Any, change: bool) -> None:  # noqa: FBT001
        configured = Configured(obj.key, obj.name, obj.kind, obj.configuration, active=obj.active)
        try:
            save(configured, tenant_id=obj.tenant_id, actor=_actor(request), at=now())
        except StrategyInUse as used:
            self.message_user(request, f"Not changed: {used}.", messages.ERROR)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Experiment)
class ExperimentAdmin(ModelAdmin):
    """The experiments of tenants, to see. They are drafted, started and stopped over the API."""

    list_display = ("name", "key", "state", "goal", "holdout_percent", "started_at", "stopped_at")
    list_filter = ("state", "goal")
    search_fields = ("key", "name")
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(StrategyVersion)
class StrategyVersionAdmin(ExperimentAdmin):
    """What strategies were before, to see. The API rolls back to one."""

    list_display = ("key", "version", "name", "kind", "active", "actor", "created_at")
    list_filter = ("kind", "active")


@admin.register(Quota)
class QuotaAdmin(ModelAdmin):
    """What tenants are allowed, and how much of it is used in the present period."""

    form = QuotaForm
    list_display = ("tenant", "counts", "allowed", "period", "use", "over", "updated_at")
    list_filter = ("period", "over", "channel")
    list_select_related = ("tenant",)
    search_fields = ("tenant__key", "tenant__name")
    ordering = ("-id",)
    actions = None  # a quota is lifted on its own page, which asks

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quota]:
        return with_use(super().get_queryset(request), at=now())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("tenant", "channel", "account", "period", "updated_at") if obj else ()

    @admin.display(description="counts")
    def counts(self, quota: Quota) -> str:
        return quota.account or quota.channel or "everything"

    @admin.display(description="used")
    def use(self, quota: Quota) -> int:
        return quota.used

    def save_model(self, request: HttpRequest, obj: Quota, form: Any, change: bool) -> None:  # noqa: FBT001
        kept, _ = set_quota(
            obj.tenant_id, _place(obj), allowed=obj.allowed, over=obj.over, actor=_actor(request), at=now()
        )
        obj.id, obj.updated_at = kept.id, kept.updated_at

    def delete_model(self, request: HttpRequest, obj: Quota) -> None:
        lift_quota(obj.tenant_id, _place(obj), actor=_actor(request), at=now())


@admin.register(Timekeeper)
class TimekeeperAdmin(ModelAdmin):
    """The timekeepers at work, to see."""

    list_display = ("id", "wakes_at", "seen_at")
    ordering = ("-seen_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _place(quota: Quota) -> Place:
    return Place(period=quota.period, channel=quota.channel, account=quota.account)


def _actor(request: HttpRequest) -> str:
    return f"user:{request.user.get_username()}"
