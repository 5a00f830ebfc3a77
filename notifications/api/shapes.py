"""What the API answers about notifications, deliveries and types."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from notifications.rules.policy import NO_POLICY, TypePolicy
from notifications.values import AcceptedNotification, Key, PriorityName
from tenants.api.problems import FieldError
from tenants.api.vocabulary import Moment


class BulkResult(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of one item.

    Accepted: `status` 202, `id` and `notification`; `replayed` when its idempotency key was answered before. Refused:
    the `status`, `code`, `detail` and `errors` it would have got on its own; pointers begin at the item.
    """

    status: int
    id: UUID | UnsetType = UNSET
    notification: AcceptedNotification | UnsetType = UNSET
    replayed: bool = False
    code: str | UnsetType = UNSET
    detail: str | UnsetType = UNSET
    errors: list[FieldError] | UnsetType = UNSET


class BulkAnswer(msgspec.Struct, kw_only=True):
    """One result per item, in their order, and how many were accepted and refused."""

    results: list[BulkResult]
    accepted: int
    refused: int


class NotificationShown(AcceptedNotification, kw_only=True):
    """A notification in a list. `reason` tells why it ended as it did, where that needs telling."""

    mode: str
    reason: str | None
    tags: list[str]
    cancellation_key: str | None
    finished_at: Moment | None


class DeliveryCounts(msgspec.Struct, kw_only=True):
    """Deliveries by status; `pending` are recipients that are not planned yet.

    Of more than 100,000 that wait or were opted out of, the rest counts as `queued` and `skipped`.
    """

    total: int = 0
    pending: int = 0
    queued: int = 0
    waiting: int = 0
    sending: int = 0
    sent: int = 0
    delivered: int = 0
    unknown: int = 0
    failed: int = 0
    bounced: int = 0
    skipped: int = 0
    cancelled: int = 0
    expired: int = 0
    unsubscribed: int = 0


class NotificationMetrics(msgspec.Struct, kw_only=True):
    """Milliseconds from when it was accepted (or due, if scheduled) until it was planned and until it was first sent;
    `null` before that, and where recipients' own clocks decide."""

    orchestration_ms: float | None
    first_send_ms: float | None


class ReasonCount(msgspec.Struct, kw_only=True):
    """Why deliveries did not go out (yet): the reason, the provider's code for it, how many, and the latest of them."""

    reason: str
    code: str | None
    count: int
    latest_at: Moment


class NotificationDetail(NotificationShown, kw_only=True):
    """Everything about a notification but its words."""

    segment: str | None
    channels: list[str]
    data: dict[str, Any]
    metadata: dict[str, Any]
    scheduled_local: str | None
    recurrence: str | None
    idempotency_key: str | None
    planned_at: Moment | None
    first_sent_at: Moment | None
    deliveries: DeliveryCounts
    metrics: NotificationMetrics
    errors: list[ReasonCount]


class DeliveryError(msgspec.Struct, kw_only=True):
    """The last trouble: a stable code, and what is known beside it."""

    code: str
    detail: str | None


class DeliveryCost(msgspec.Struct, kw_only=True):
    """What the provider charges, by the price of its account, in millionths of the currency."""

    micros: int
    currency: str


class DeliveryTemplate(msgspec.Struct, kw_only=True):
    """The words it is sent with: a version of a template, 0 for a draft, and the locale they are written in."""

    key: str
    version: int
    locale: str | None


class DeliveryMetrics(msgspec.Struct, kw_only=True):
    """Milliseconds from when it was planned until it was sent, and from there until it was delivered."""

    send_ms: float | None
    deliver_ms: float | None


class _DeliveryHead(msgspec.Struct, kw_only=True):
    id: UUID
    notification: UUID
    recipient: str | None  # the tenant's own id; null once the person was erased
    channel: str
    endpoint: str | None  # masked
    status: str
    reason: str | None
    wait_reason: str | None
    dead_letter: bool
    step: int
    mode: str
    provider: str | None
    provider_message_id: str | None
    created_at: Moment
    due_at: Moment | None  # null = at once, or nothing is due
    expires_at: Moment | None
    sent_at: Moment | None
    delivered_at: Moment | None
    failed_at: Moment | None
    error: DeliveryError | None
    cost: DeliveryCost | None  # null where its account has no price
    template: DeliveryTemplate | None  # null where the notification brought its words along
    metrics: DeliveryMetrics
    links: dict[str, str]


class DeliveryShown(_DeliveryHead, kw_only=True):
    """One notification to one recipient's endpoint on one channel. `attempts` is the number of provider calls."""

    attempts: int


class AttemptShown(msgspec.Struct, kw_only=True):
    """One provider call. `outcome`: sent, retry, refused or unknown; null while it runs."""

    number: int
    provider: str
    account: str | None
    begun_at: Moment
    ended_at: Moment | None
    duration_ms: float | None
    outcome: str | None
    code: str | None
    detail: str | None
    provider_message_id: str | None


class DeliveryDetail(_DeliveryHead, kw_only=True):
    """A delivery with its provider calls, first to last."""

    attempt_count: int
    attempts: list[AttemptShown]


class TimelineEntry(msgspec.Struct, kw_only=True):
    """One thing that happened. `actor` is who did it, where it was not Carillon itself."""

    at: Moment
    kind: str
    reason: str | None
    detail: dict[str, Any]
    actor: str | None
    delivery_id: UUID | None


class TimelinePage(msgspec.Struct, kw_only=True):
    """One page, oldest first; `next` leads to newer entries, `previous` to older ones."""

    results: list[TimelineEntry]
    next: str | None
    previous: str | None


class CancelBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The key that notifications were given to be called back by."""

    cancellation_key: Key


class CancelShown(msgspec.Struct, kw_only=True):
    """How the notification stands now, and how many of its deliveries are cancelled."""

    id: UUID
    status: str
    cancelled: int


class CancelAnswer(msgspec.Struct, kw_only=True):
    """Every notification that was called back."""

    results: list[CancelShown]


Channels = Annotated[list[Annotated[str, Meta(min_length=1, max_length=32)]], Meta(max_length=20)]


class TypeBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What requests of this type need not say. What is left out here has the default shown."""

    key: str | UnsetType = UNSET  # may repeat what the URL says
    name: Annotated[str, Meta(max_length=200)] = ""
    category: Annotated[str, Meta(max_length=100)] = ""
    priority: PriorityName = "medium"
    strategy: Annotated[str, Meta(max_length=100)] = ""
    channels: Channels = []
    template: Annotated[str, Meta(max_length=100)] = ""
    ttl_seconds: Annotated[int, Meta(ge=1, le=366 * 86_400)] = 259_200
    unknown_policy: Literal["at_least_once", "at_most_once"] = "at_least_once"
    policy: TypePolicy = NO_POLICY


class TypeShown(msgspec.Struct, kw_only=True):
    """A kind of message and its defaults. `ttl_seconds` after which what was not sent is not worth sending any more;
    `unknown_policy`: what to do when a provider's answer was lost."""

    key: str
    name: str
    category: str
    priority: PriorityName
    strategy: str
    channels: list[str]
    template: str
    ttl_seconds: int
    unknown_policy: str
    policy: TypePolicy
    created_at: Moment
    updated_at: Moment
