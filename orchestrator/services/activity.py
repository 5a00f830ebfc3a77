"""Look when people were last active, for conditions that ask: one statement and one question to Redis for a batch.

Active is who has their inbox open now, or saw, read or put away an item of it, opened or clicked a message; what
machines do is not counted. Looked for in the newest `MOST_MESSAGES` to each person. Where nothing asks, nothing is
looked at.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from audience.publish import listeners
from kernel.ids import lowest
from orchestrator.rules.conditions import longest_activity
from orchestrator.rules.situation import Case

MOST_MESSAGES = 100  # to one person, the newest ones
LOOK_BACK = timedelta(days=35)  # messages that are older are not opened any more
CLOCKS_DIFFER = timedelta(hours=1)  # at most; what is made later than that is not looked for
KINDS = (
    "delivery.clicked", "delivery.opened",
    "inbox.archived", "inbox.read", "inbox.seen", "inbox.unarchived", "inbox.unread",
)  # fmt: skip

# By the index of a person's messages and then that of each message's lines (15 messages: 0.1 ms), whatever the planner
# believes: going through what happened to everybody lately costs more the more others are sent.
_LATEST = """
SELECT asked.recipient_id, max(line.at) FROM unnest(%(ids)s::uuid[]) AS asked (recipient_id)
CROSS JOIN LATERAL (
  SELECT id FROM notifications_delivery
  WHERE recipient_id = asked.recipient_id AND id >= %(oldest)s AND id < %(high)s
  ORDER BY id DESC LIMIT %(most)s) AS message
CROSS JOIN LATERAL (
  SELECT max(at) AS at FROM events_event
  WHERE delivery_id = message.id AND id >= %(low)s AND id < %(high)s
    AND kind = ANY (%(kinds)s) AND reason <> 'automated' AND at >= %(since)s AND at <= %(at)s) AS line
WHERE line.at IS NOT NULL
GROUP BY asked.recipient_id
"""


def minutes_idle(asked: Iterable[tuple[Case, Collection[UUID]]], *, at: datetime) -> Mapping[UUID, float]:
    """How long ago people were active, in minutes, 0 for who has the inbox open. Who was not for longer than any case
    asks about is missing. In the caller's transaction, which should hold no lock yet: Redis has 0.3 s to answer, and
    while it is out nobody has an inbox open.
    """
    within, ids = 0.0, set[UUID]()
    for case, recipient_ids in asked:
        if longest := longest_activity(case.asks):
            within = max(within, longest)
            ids.update(recipient_ids)
    if not ids:
        return {}
    idle = _since_messages(ids, since=at - timedelta(minutes=within), at=at)
    return {**idle, **dict.fromkeys(listeners(ids), 0.0)}


def _since_messages(ids: Collection[UUID], *, since: datetime, at: datetime) -> dict[UUID, float]:
    about: dict[str, Any] = {
        "ids": sorted(ids),
        "oldest": lowest(since - LOOK_BACK),
        "most": MOST_MESSAGES,
        "low": lowest(since),
        "high": lowest(at + CLOCKS_DIFFER),
        "kinds": list(KINDS),
        "since": since,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, about)
        return {id: (at - latest).total_seconds() / 60 for id, latest in cursor.fetchall()}
