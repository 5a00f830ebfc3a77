"""Note what a person did with their inbox: the row, the log, and a word to their other devices."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from audience.catalogue import engaged
from audience.messages import changed, item_updated, shown
from audience.models import InboxItem
from audience.publish import publish
from audience.rules.engagement import ENGAGEMENTS, Moments, what_happened
from events.services import record
from events.values import NewEvent


def mark(
    *, tenant_id: UUID, recipient_id: UUID, item_id: UUID, engagement: str, at: datetime, actor: str
) -> InboxItem | None:
    """Let one of `ENGAGEMENTS` happen to an item; `None` when this person has no such item. Needs a transaction."""
    item = (
        InboxItem.objects.select_for_update().filter(tenant_id=tenant_id, recipient_id=recipient_id, id=item_id).first()
    )
    if item is None:
        return None
    before = Moments(item.seen_at, item.read_at, item.archived_at)
    after = ENGAGEMENTS[engagement](before, at)
    if after == before:
        return item
    item.seen_at, item.read_at, item.archived_at = after.seen_at, after.read_at, after.archived_at
    item.save(update_fields=("seen_at", "read_at", "archived_at"))
    if proof := _proof(before, after):
        engaged({item.id: proof}, at=at)
    record(
        [
            NewEvent(tenant_id, kind, at, notification_id=item.notification_id, delivery_id=item.id, actor=actor)
            for kind in what_happened(before, after)
        ]
    )
    message = item_updated(shown(item))
    transaction.on_commit(lambda: _tell(recipient_id, [message]), robust=True)
    return item


# Locked in the order of ids, so that two devices of one person do not wait for each other in a ring.
_MARK_ALL = """
WITH due AS (
  SELECT id, seen_at IS NULL AS unseen FROM audience_inboxitem
  WHERE tenant_id = %(tenant)s AND recipient_id = %(recipient)s AND archived_at IS NULL AND {still} IS NULL
  ORDER BY id FOR UPDATE)
UPDATE audience_inboxitem AS item SET seen_at = coalesce(item.seen_at, %(at)s){and_read}
FROM due WHERE item.id = due.id
RETURNING item.id, item.notification_id, due.unseen
"""
_SEE_ALL = _MARK_ALL.format(still="seen_at", and_read="")
_READ_ALL = _MARK_ALL.format(still="read_at", and_read=", read_at = %(at)s")


def see_all(*, tenant_id: UUID, recipient_id: UUID, at: datetime, actor: str) -> int:
    """Everything in the inbox (not the archive) is seen now; returns how many items were not before."""
    rows = _sweep(_SEE_ALL, tenant_id=tenant_id, recipient_id=recipient_id, at=at)
    engaged({id: "seen" for id, _, _ in rows}, at=at)
    record(
        [
            NewEvent(tenant_id, "inbox.seen", at, notification_id=notification_id, delivery_id=id, actor=actor)
            for id, notification_id, _ in rows
        ]
    )
    return len(rows)


def read_all(*, tenant_id: UUID, recipient_id: UUID, at: datetime, actor: str) -> int:
    """Everything in the inbox (not the archive) is read now; returns how many items were not before."""
    rows = _sweep(_READ_ALL, tenant_id=tenant_id, recipient_id=recipient_id, at=at)
    engaged({id: "read" for id, _, _ in rows}, at=at)
    record(
        [
            NewEvent(tenant_id, kind, at, notification_id=notification_id, delivery_id=id, actor=actor)
            for id, notification_id, unseen in rows
            for kind in (("inbox.seen", "inbox.read") if unseen else ("inbox.read",))
        ]
    )
    return len(rows)


def _sweep(statement: str, *, tenant_id: UUID, recipient_id: UUID, at: datetime) -> list[tuple[UUID, UUID, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"tenant": tenant_id, "recipient": recipient_id, "at": at})
        rows: list[tuple[UUID, UUID, bool]] = cursor.fetchall()
    if rows:
        transaction.on_commit(lambda: _tell(recipient_id, [changed()]), robust=True)
    return rows


def _proof(before: Moments, after: Moments) -> str:
    """The most that is new: `read`, else `seen`, else nothing."""
    if before.read_at is None and after.read_at is not None:
        return "read"
    return "seen" if before.seen_at is None and after.seen_at is not None else ""


def _tell(recipient_id: UUID, messages: Sequence[bytes]) -> None:
    publish([(recipient_id, message) for message in messages])
