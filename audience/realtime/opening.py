"""How inboxes are when clients open them, asked for all who come at the same time together.

After a restart of the process every client comes back at once: asked one by one, ten thousand of them cost it forty
seconds in which nobody heard anything.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import connection

from audience.models import InboxItem, Recipient
from audience.realtime.look import OVERLAP, Inbox, News, beside_the_loop, news_of
from audience.selectors import inbox_counts
from audience.values import Counts
from tenants.scope import platform_scope

AT_ONCE = 100  # clients
MAX_MISSED = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A client opens `inbox` at `at`; `after` is the last item that it has."""

    inbox: Inbox
    at: datetime
    after: UUID | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """How an inbox was when it was opened. `missed` came after the client's last item; `present` is news no more."""

    counts: Counts
    missed: tuple[News, ...]
    present: frozenset[UUID]


class Door:
    """Lets clients in, of one event loop: while the database answers for some, the next ones gather."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Asked, asyncio.Future[Opening | None]]] = []
        self._at_work: asyncio.Task[None] | None = None

    async def opening(self, asked: Asked) -> Opening | None:
        """How the inbox is; `None` when the person is no longer there. Raises `DatabaseError`."""
        answer: asyncio.Future[Opening | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._at_work is None or self._at_work.done():
            self._at_work = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            try:
                found = await beside_the_loop(partial(openings, [asked for asked, _ in some]))
            except Exception as trouble:  # noqa: BLE001 - it is raised where the clients are waiting
                for _, answer in some:
                    if not answer.done():
                        answer.set_exception(trouble)
            else:
                for (_, answer), opening in zip(some, found, strict=True):
                    if not answer.done():  # the client may have gone
                        answer.set_result(opening)


def openings(asked: Sequence[Asked]) -> list[Opening | None]:
    """How inboxes of any tenants are, in four statements; `None` where the person is no longer there."""
    inboxes = list({one.inbox for one in asked})
    with platform_scope():
        there = _there(inboxes)
        counts = inbox_counts(inboxes)
        present = _present(inboxes, since=min(one.at for one in asked) - OVERLAP)
        missed = _missed(asked)
    return [
        Opening(counts[one.inbox[1]], tuple(missed.get(number, ())), frozenset(present.get(one.inbox[1], ())))
        if one.inbox in there
        else None
        for number, one in enumerate(asked)
    ]


def _there(inboxes: Collection[Inbox]) -> set[Inbox]:
    """Those whose person is still known."""
    rows = Recipient.objects.filter(id__in=[recipient_id for _, recipient_id in inboxes]).order_by()
    return set(rows.values_list("tenant_id", "id"))


# Fenced like `look.arrivals`.
_PRESENT = """
SELECT asked.recipient, item.id FROM unnest(%s::uuid[], %s::uuid[]) AS asked (tenant, recipient)
CROSS JOIN LATERAL (
  SELECT id FROM audience_inboxitem
  WHERE tenant_id = asked.tenant AND recipient_id = asked.recipient AND created_at >= %s OFFSET 0) AS item
"""
_MISSED = """
SELECT item.*, asked.number FROM unnest(%s::int[], %s::uuid[], %s::uuid[], %s::uuid[])
  AS asked (number, tenant, recipient, after)
CROSS JOIN LATERAL (
  SELECT created_at FROM audience_inboxitem
  WHERE id = asked.after AND tenant_id = asked.tenant AND recipient_id = asked.recipient OFFSET 0) AS last
CROSS JOIN LATERAL (
  SELECT * FROM audience_inboxitem
  WHERE tenant_id = asked.tenant AND recipient_id = asked.recipient AND created_at >= last.created_at - %s
    AND archived_at IS NULL AND id <> asked.after
  ORDER BY created_at DESC, id DESC LIMIT %s) AS item
ORDER BY asked.number, item.created_at, item.id
"""


def _present(inboxes: Collection[Inbox], *, since: datetime) -> Mapping[UUID, list[UUID]]:
    """The items that came in since then, by recipient."""
    tenants, recipients = zip(*inboxes, strict=True)
    found: dict[UUID, list[UUID]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT, (list(tenants), list(recipients), since))
        for recipient_id, item_id in cursor.fetchall():
            found.setdefault(recipient_id, []).append(item_id)
    return found


def _missed(asked: Sequence[Asked]) -> Mapping[int, list[News]]:
    """What came in after the client's last item, by the place of the client, oldest first; archive left out.

    The newest `MAX_MISSED` for each. Those of the seconds before that item come again: they may have been committed
    later than it. Clients know items by id.
    """
    behind = [(number, *one.inbox, one.after) for number, one in enumerate(asked) if one.after]
    found: dict[int, list[News]] = {}
    if behind:
        columns = [list(column) for column in zip(*behind, strict=True)]
        for item in InboxItem.objects.raw(_MISSED, [*columns, OVERLAP, MAX_MISSED]):
            place: int = item.number  # type: ignore[attr-defined]  # beside the columns of the item
            found.setdefault(place, []).append(news_of(item))
    return found
