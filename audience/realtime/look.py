"""What open inboxes need from the database. All of it runs in a few threads beside the event loop.

Not Django's async views and not `sync_to_async`: both keep a thread, and with it a database connection, for every open
client; ten thousand clients share the four threads here.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import close_old_connections

from audience.messages import item_created, shown
from audience.models import InboxItem
from audience.rules.engagement import ENGAGEMENTS
from audience.selectors import inbox_counts
from audience.services import mark, read_all, see_all
from audience.values import Counts
from tenants.scope import platform_scope, tenant_scope

T = TypeVar("T")
Inbox = tuple[UUID, UUID]  # tenant, recipient

# An item is visible once its transaction commits, up to this long after the moment it carries.
OVERLAP = timedelta(seconds=10)
ALL: Mapping[str, Callable[..., int]] = {"seen-all": see_all, "read-all": read_all}

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="inbox")


@dataclass(frozen=True, slots=True)
class News:
    """A message for one inbox: JSON as the client gets it. `item_id` is set when it tells of a new item."""

    json: bytes
    item_id: UUID | None = None


async def beside_the_loop(work: Callable[[], T]) -> T:
    """Do `work` in one of the threads; its database connection is checked first."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _checked, work)


def _checked(work: Callable[[], T]) -> T:
    close_old_connections()
    return work()


# Fenced to go by the index of the inbox, whatever the planner believes of a table that has just grown.
_ARRIVALS = """
SELECT item.* FROM unnest(%s::uuid[], %s::uuid[]) AS asked (tenant, recipient)
CROSS JOIN LATERAL (
  SELECT * FROM audience_inboxitem
  WHERE tenant_id = asked.tenant AND recipient_id = asked.recipient AND created_at >= %s OFFSET 0) AS item
ORDER BY item.created_at, item.id
"""


def arrivals(inboxes: Collection[Inbox], *, since: datetime) -> list[tuple[InboxItem, News]]:
    """Items that came into any of `inboxes`, of any tenants, since then, oldest first."""
    tenants, recipients = zip(*inboxes, strict=True)
    with platform_scope():
        found = InboxItem.objects.raw(_ARRIVALS, [list(tenants), list(recipients), since])
        return [(item, news_of(item)) for item in found]


def counts_of(inboxes: Collection[Inbox]) -> Mapping[UUID, Counts]:
    """The counts of any inboxes, of any tenants, by recipient."""
    with platform_scope():
        return inbox_counts(inboxes)


def engage(inbox: Inbox, *, engagement: str, item_id: UUID | None, at: datetime) -> bool:
    """Let a client's `read`, `seen-all`, … happen; `False` when there is no such item."""
    tenant_id, recipient_id = inbox
    actor = f"recipient:{recipient_id}"
    with tenant_scope(tenant_id):
        if engagement in ALL:
            ALL[engagement](tenant_id=tenant_id, recipient_id=recipient_id, at=at, actor=actor)
            return True
        assert engagement in ENGAGEMENTS
        assert item_id is not None
        item = mark(
            tenant_id=tenant_id, recipient_id=recipient_id, item_id=item_id, engagement=engagement, at=at, actor=actor
        )
    return item is not None


def news_of(item: InboxItem) -> News:
    """That an item has come in, as clients are told."""
    return News(json=item_created(shown(item)), item_id=item.id)
