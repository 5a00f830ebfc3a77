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
from audience.models import InboxItem, Recipient
from audience.rules.engagement import ENGAGEMENTS
from audience.selectors import inbox_counts, inbox_of
from audience.services import mark, read_all, see_all
from audience.values import Counts
from tenants.scope import platform_scope, tenant_scope

T = TypeVar("T")
Inbox = tuple[UUID, UUID]  # tenant, recipient

# An item is visible once its transaction commits, up to this long after the moment it carries.
OVERLAP = timedelta(seconds=10)
MAX_MISSED = 500
ALL: Mapping[str, Callable[..., int]] = {"seen-all": see_all, "read-all": read_all}

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="inbox")


@dataclass(frozen=True, slots=True)
class News:
    """A message for one inbox: JSON as the client gets it. `item_id` is set when it tells of a new item."""

    json: bytes
    item_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """How an inbox was when it was opened. `missed` came after the client's last item; `present` is news no more."""

    counts: Counts
    missed: tuple[News, ...]
    present: frozenset[UUID]


async def beside_the_loop(work: Callable[[], T]) -> T:
    """Do `work` in one of the threads; its database connection is checked first."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _checked, work)


def _checked(work: Callable[[], T]) -> T:
    close_old_connections()
    return work()


def opening(inbox: Inbox, *, after: UUID | None, at: datetime) -> Opening | None:
    """Open an inbox; `None` when the person is no longer there. `after` is the last item that the client has."""
    tenant_id, recipient_id = inbox
    with tenant_scope(tenant_id):
        if not Recipient.objects.filter(tenant_id=tenant_id, id=recipient_id).exists():
            return None
        items = inbox_of(tenant_id=tenant_id, recipient_id=recipient_id)
        present = items.filter(created_at__gte=at - OVERLAP).values_list("id", flat=True)
        return Opening(
            counts=inbox_counts([inbox])[recipient_id],
            present=frozenset(present),
            missed=_missed(inbox, after=after) if after else (),
        )


def _missed(inbox: Inbox, *, after: UUID) -> tuple[News, ...]:
    """Items that came in after `after`, oldest first; the newest `MAX_MISSED` of them, archive left out.

    Those of the seconds before it come again: they may have been committed later than it. Clients know items by id.
    """
    tenant_id, recipient_id = inbox
    items = inbox_of(tenant_id=tenant_id, recipient_id=recipient_id)
    last = items.filter(id=after).first()
    if last is None:
        return ()
    missed = items.filter(created_at__gte=last.created_at - OVERLAP, archived_at=None).exclude(id=after)
    return tuple(_news(item) for item in reversed(missed[:MAX_MISSED]))


_ARRIVALS = """
SELECT item.* FROM unnest(%s::uuid[], %s::uuid[]) AS asked (tenant, recipient)
JOIN audience_inboxitem AS item ON item.tenant_id = tenant AND item.recipient_id = recipient AND item.created_at >= %s
ORDER BY item.created_at, item.id
"""


def arrivals(inboxes: Collection[Inbox], *, since: datetime) -> list[tuple[InboxItem, News]]:
    """Items that came into any of `inboxes`, of any tenants, since then, oldest first."""
    tenants, recipients = zip(*inboxes, strict=True)
    with platform_scope():
        found = InboxItem.objects.raw(_ARRIVALS, [list(tenants), list(recipients), since])
        return [(item, _news(item)) for item in found]


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


def _news(item: InboxItem) -> News:
    return News(json=item_created(shown(item)), item_id=item.id)
