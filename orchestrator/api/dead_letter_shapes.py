"""What is said to and by `/dead-letters`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from msgspec import Meta, Struct

from audience.selectors import external_ids
from notifications.models import Delivery
from notifications.rules.states import public_status
from orchestrator.models import DeadLetter
from orchestrator.services.replays import DEFAULT_RATE, MAX_RATE, Replayed
from tenants.api.vocabulary import Moment

ANY = "any"
State = Literal["open", "replayed", "discarded", "any"]
Ids = Annotated[list[UUID], Meta(min_length=1, max_length=1000)]
Tag = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,49}$", examples=["provider outage"])]
Tags = Annotated[list[Tag], Meta(max_length=20)]


class NarrowingBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which dead letters are meant, in the words of `GET /dead-letters`; open ones unless `state` says otherwise."""

    state: State = "open"
    channel: str = ""
    provider: str = ""
    reason: str = ""
    tag: str = ""
    notification: UUID | None = None
    added_after: Moment | None = None
    added_before: Moment | None = None


class ReplayBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What to try again, by `ids` or by `filter`, and how fast. Ids may name failed deliveries too."""

    ids: Ids | None = None
    filter: NarrowingBody | None = None
    rate_per_second: Annotated[int, Meta(ge=1, le=MAX_RATE)] = DEFAULT_RATE
    dry_run: bool = False


class TagBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Tags to put on and to take off."""

    ids: Ids
    add: Tags = []
    remove: Tags = []


class DiscardBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Dead letters to close for good, and why."""

    ids: Ids
    reason: Annotated[str, Meta(max_length=500)] = ""


class DeadLetterShown(Struct, kw_only=True):
    """A dead letter. `id` is its delivery's; `error` is the last trouble; `delivery_status` is how that stands now."""

    id: UUID
    notification: UUID
    recipient: str | None
    channel: str
    provider: str
    reason: str
    error: dict[str, Any]
    attempts: int
    state: str
    tags: list[str]
    added_at: Moment
    replays: int
    replayed_at: Moment | None
    discarded_at: Moment | None
    delivery_status: str | None
    links: dict[str, str]


class ReplayShown(Struct, kw_only=True):
    """What a replay found and did. `remaining` matched but was left; ask again. The last is due at `last_due_at`."""

    matched: int
    replayed: int
    remaining: int
    dry_run: bool
    rate_per_second: int
    last_due_at: Moment | None


class DeadLettersChanged(Struct, kw_only=True):
    """How many changed; the others were as wished, not there, or not yours."""

    changed: int


class DeadLetterFilter(django_filters.FilterSet):
    """Dead letters by where they died and why; open ones unless `state` says otherwise."""

    state = django_filters.ChoiceFilter(
        choices=[*DeadLetter.State.choices, (ANY, "Any")], method="by_state", help_text="open unless said otherwise"
    )
    channel = django_filters.CharFilter()
    provider = django_filters.CharFilter()
    reason = django_filters.CharFilter()
    tag = django_filters.CharFilter(method="by_tag")
    notification = django_filters.UUIDFilter(field_name="notification_id")
    added_after = django_filters.IsoDateTimeFilter(field_name="added_at", lookup_expr="gte", help_text="included")
    added_before = django_filters.IsoDateTimeFilter(field_name="added_at", lookup_expr="lt", help_text="not included")

    def filter_queryset(self, queryset: QuerySet[DeadLetter]) -> QuerySet[DeadLetter]:
        if not self.form.cleaned_data["state"]:
            queryset = queryset.filter(state=DeadLetter.State.OPEN)
        return super().filter_queryset(queryset)

    def by_state(self, queryset: QuerySet[DeadLetter], _name: str, value: str) -> QuerySet[DeadLetter]:
        return queryset if value == ANY else queryset.filter(state=value)

    def by_tag(self, queryset: QuerySet[DeadLetter], _name: str, value: str) -> QuerySet[DeadLetter]:
        return queryset.filter(tags__contains=[value])


def replay_shown(done: Replayed, asked: ReplayBody) -> ReplayShown:
    return ReplayShown(
        matched=done.matched,
        replayed=done.replayed,
        remaining=done.remaining,
        dry_run=asked.dry_run,
        rate_per_second=asked.rate_per_second,
        last_due_at=done.last_due_at,
    )


def letters_shown(letters: Sequence[DeadLetter], *, at: datetime) -> list[DeadLetterShown]:
    """Dead letters as answers: two more statements for a whole page."""
    deliveries = Delivery.objects.in_bulk([letter.id for letter in letters])
    names = external_ids({delivery.recipient_id for delivery in deliveries.values()})
    return [_one_shown(letter, deliveries.get(letter.id), names, at) for letter in letters]


def _one_shown(
    letter: DeadLetter, delivery: Delivery | None, names: Mapping[UUID, str], at: datetime
) -> DeadLetterShown:
    root = f"/api/v1/deliveries/{letter.id}"
    return DeadLetterShown(
        id=letter.id,
        notification=letter.notification_id,
        recipient=names.get(delivery.recipient_id) if delivery else None,
        channel=letter.channel,
        provider=letter.provider,
        reason=letter.reason,
        error=letter.error,
        attempts=letter.attempts,
        state=letter.state,
        tags=letter.tags,
        added_at=letter.added_at,
        replays=letter.replays,
        replayed_at=letter.replayed_at,
        discarded_at=letter.discarded_at,
        delivery_status=_status(delivery, at) if delivery else None,
        links={"delivery": root, "timeline": f"{root}/timeline"},
    )


def _status(delivery: Delivery, at: datetime) -> str:
    due = delivery.due_at is not None and delivery.due_at <= at
    return public_status(delivery.state, reason=delivery.reason, due=due)
