"""Put items into inboxes, each exactly once, and tell whoever is watching."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audience.messages import InboxItemShown, item_created
from audience.publish import publish
from audience.values import InboxItemInput, Placed
from tenants.scope import platform_scope

# KEY SHARE keeps a person from being erased between this look at them and our commit.
_PLACE = """
INSERT INTO audience_inboxitem
  (id, tenant_id, recipient_id, notification_id, title, body, url, icon, actions, category, created_at)
SELECT new.id, new.tenant_id, new.recipient_id, notification_id,
       title, body, url, icon, actions::jsonb, category, %(at)s
FROM unnest(%(ids)s::uuid[], %(tenants)s::uuid[], %(recipients)s::uuid[], %(notifications)s::uuid[], %(titles)s::text[],
            %(bodies)s::text[], %(urls)s::text[], %(icons)s::text[], %(actions)s::text[], %(categories)s::text[])
  AS new (id, tenant_id, recipient_id, notification_id, title, body, url, icon, actions, category)
JOIN audience_recipient AS person ON person.tenant_id = new.tenant_id AND person.id = new.recipient_id
ORDER BY person.id
FOR KEY SHARE OF person
ON CONFLICT (id) DO NOTHING
RETURNING id
"""


def deliver_to_inbox(items: Sequence[InboxItemInput], *, at: datetime) -> Placed:
    """Put `items`, of any tenants, into their inboxes and publish the new ones after commit.

    Opens its own platform scope. An item that is there already (its delivery was sent before) is in neither set.
    """
    if not items:
        return Placed(new=frozenset(), gone=frozenset())
    with platform_scope():
        with connection.cursor() as cursor:
            cursor.execute(_PLACE, _columns(items, at=at))
            new = frozenset(id for (id,) in cursor.fetchall())
        gone = _gone([item.id for item in items if item.id not in new])
        messages = [(item.recipient_id, item_created(_shown(item, at=at))) for item in items if item.id in new]
        transaction.on_commit(lambda: publish(messages), robust=True)
    return Placed(new=new, gone=gone)


def _gone(unplaced: Sequence[UUID]) -> frozenset[UUID]:
    if not unplaced:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM audience_inboxitem WHERE id = ANY(%s)", (list(unplaced),))
        return frozenset(unplaced) - {id for (id,) in cursor.fetchall()}


def _columns(items: Sequence[InboxItemInput], *, at: datetime) -> dict[str, Any]:
    return {
        "at": at,
        "ids": [item.id for item in items],
        "tenants": [item.tenant_id for item in items],
        "recipients": [item.recipient_id for item in items],
        "notifications": [item.notification_id for item in items],
        "titles": [item.title for item in items],
        "bodies": [item.body for item in items],
        "urls": [item.url for item in items],
        "icons": [item.icon for item in items],
        "actions": [json.dumps([dict(action) for action in item.actions]) for item in items],
        "categories": [item.category for item in items],
    }


def _shown(item: InboxItemInput, *, at: datetime) -> InboxItemShown:
    return InboxItemShown(
        id=item.id,
        notification_id=item.notification_id,
        title=item.title,
        body=item.body,
        url=item.url,
        icon=item.icon,
        actions=[dict(action) for action in item.actions],
        category=item.category,
        created_at=at,
    )
