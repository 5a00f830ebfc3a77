"""What the front door takes and gives: the bodies of `POST /notifications`, exactly as clients may write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from audience.values import RecipientInput
from channels_app import registry
from tenants.api.vocabulary import LocalMoment, Moment

PriorityName = Literal["critical", "high", "medium", "low"]
PRIORITY_NUMBER: Mapping[str, int] = {"critical": 0, "high": 1, "medium": 2, "low": 3}
PRIORITY_NAME: Mapping[int, PriorityName] = {0: "critical", 1: "high", 2: "medium", 3: "low"}

MAX_RECIPIENTS = 1_000
MAX_BULK = 1_000

Key = Annotated[str, Meta(min_length=1, max_length=255)]
Word = Annotated[str, Meta(min_length=1, max_length=100)]

registry.load_channels()  # whoever imports this first: the type below has a field for every channel there is
Content: Any = msgspec.defstruct(
    "Content",
    [(channel.key, channel.content | UnsetType, UNSET) for channel in registry.channels],
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    namespace={"__doc__": "What to say, per channel. Strings are Liquid templates over `data` and `recipient`."},
)


class RecipientRef(RecipientInput, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A recipient inside a request: created or updated on the way in; `data` is for this recipient only."""

    data: dict[str, Any] = {}


class Dedup(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How to tell that this was said before: one message per key and recipient within so many minutes.

    `override` sends it all the same; critical messages are always sent.
    """

    key: Key | None = None
    override: bool = False
    window_minutes: Annotated[int, Meta(ge=1, le=525_600)] | None = None


# Defaults are left out when it is written again: a field that a later version adds changes no fingerprint.
class NotificationRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One request to notify; everything that is left out is decided by the notification type."""

    type: Word | None = None
    recipients: Annotated[list[str | RecipientRef], Meta(min_length=1, max_length=MAX_RECIPIENTS)] | None = None
    segment: Word | None = None
    data: dict[str, Any] = {}
    content: Content | None = None
    template: Word | None = None  # instead of the type's: a key, or a version of it as in order@7 and order@draft
    channels: Annotated[list[Word], Meta(min_length=1, max_length=20)] | None = None
    priority: PriorityName | None = None
    strategy: Word | None = None
    scheduled_at: Moment | None = None
    scheduled_local: LocalMoment | None = None
    expires_at: Moment | None = None
    recurrence: Annotated[str, Meta(min_length=1, max_length=500, examples=["FREQ=WEEKLY;BYDAY=MO"])] | None = None
    idempotency_key: Key | None = None
    dedup: Dedup | None = None
    cancellation_key: Key | None = None
    correlation_id: Key | None = None
    tags: Annotated[list[Word], Meta(max_length=50)] = []
    metadata: dict[str, Any] = {}


class BulkRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Up to 1,000 requests at once, each accepted or refused on its own."""

    notifications: Annotated[list[NotificationRequest], Meta(min_length=1, max_length=MAX_BULK)]


class Links(msgspec.Struct, kw_only=True):
    """Where to look next."""

    self: str
    deliveries: str
    timeline: str
    cancel: str


class AcceptedNotification(msgspec.Struct, kw_only=True):
    """What was accepted: the answer to `POST /notifications`, and the head of every later answer about it."""

    id: UUID
    status: str
    type: str | None
    priority: PriorityName
    strategy: str
    recipient_count: int
    scheduled_at: datetime | None
    expires_at: datetime | None
    created_at: datetime
    correlation_id: str | None
    links: Links


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing wrong with a request: where (RFC 6901 pointer), a stable code, and what would do."""

    pointer: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The request is committed with the transaction. `body` is the JSON answer; `replayed`: it was given before."""

    id: UUID
    body: bytes
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was written for the request. `status` is the HTTP status that says so."""

    status: int
    code: str
    detail: str
    troubles: tuple[Trouble, ...] = ()


Answer = Accepted | Refused


def route_of(id: UUID) -> str:
    """Where a notification is shown."""
    return f"/api/v1/notifications/{id}"


def links_of(id: UUID) -> Links:
    """The routes of one notification."""
    root = route_of(id)
    return Links(self=root, deliveries=f"{root}/deliveries", timeline=f"{root}/timeline", cancel=f"{root}/cancel")
