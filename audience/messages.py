"""What people are told of their inbox, by HTTP, SSE and WebSocket alike."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from audience.models import InboxItem
from audience.values import Counts

ITEM_CREATED, ITEM_UPDATED, COUNTS, CHANGED = "item.created", "item.updated", "counts", "changed"

_encode = msgspec.json.Encoder().encode


class InboxItemShown(msgspec.Struct, kw_only=True, frozen=True):
    """An inbox item as it is shown. `seen_at`, `read_at` and `archived_at` are `null` until then."""

    id: UUID
    notification_id: UUID
    title: str
    body: str
    url: str
    icon: str
    actions: Sequence[Mapping[str, Any]]
    category: str
    created_at: datetime
    seen_at: datetime | None = None
    read_at: datetime | None = None
    archived_at: datetime | None = None


def shown(item: InboxItem) -> InboxItemShown:
    return InboxItemShown(
        id=item.id,
        notification_id=item.notification_id,
        title=item.title,
        body=item.body,
        url=item.url,
        icon=item.icon,
        actions=item.actions,
        category=item.category,
        created_at=item.created_at,
        seen_at=item.seen_at,
        read_at=item.read_at,
        archived_at=item.archived_at,
    )


def item_created(item: InboxItemShown) -> bytes:
    """Something came into the inbox."""
    return _encode({"type": ITEM_CREATED, "item": item})


def item_updated(item: InboxItemShown) -> bytes:
    """An item was seen, read, archived or the reverse, here or on another device."""
    return _encode({"type": ITEM_UPDATED, "item": item})


def counts_message(counts: Counts) -> bytes:
    return _encode({"type": COUNTS, "total": counts.total, "unseen": counts.unseen, "unread": counts.unread})


def changed() -> bytes:
    """For realtime processes only: the counts of this inbox are no longer what they were."""
    return _encode({"type": CHANGED})
