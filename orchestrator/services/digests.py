"""Join digests: what a plan gathers instead of sending is written with the plan, in its transaction.

The row of the open digest is where competitors meet: who joins waits for who joins or closes it at that moment, and
all lock in the order of places. A digest that is full, or whose time has come, lets nobody else in: the next one opens.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from kernel.ids import uuid7
from notifications.rules.policy import DigestPolicy
from orchestrator.rules.digests import closes_at, latest_at
from orchestrator.services.timers import wake_timekeeper

# Locked in the order in which everybody locks them; the time of these was over before somebody closed them.
_RETIRE = """
WITH over AS (
  SELECT d.id FROM orchestrator_digest d
  JOIN unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
    AS new (tenant_id, recipient_id, mode, type, name, key, at) USING (tenant_id, recipient_id, mode, type, name, key)
  WHERE d.state = 'open' AND d.closes_at <= new.at
  ORDER BY d.tenant_id, d.recipient_id, d.mode, d.type, d.name, d.key FOR UPDATE OF d
)
UPDATE orchestrator_digest SET state = 'closing' WHERE id IN (SELECT id FROM over)
"""

_JOIN = """
INSERT INTO orchestrator_digest AS known (tenant_id, recipient_id, mode, type, name, key, id, state, policy, priority,
  opened_at, closes_at, latest_at, count, leader_id, outcome)
SELECT tenant_id, recipient_id, mode, type, name, key, id, 'open', policy::jsonb, priority, at, closes_at, latest_at,
  CASE WHEN leader_id IS NULL THEN count ELSE count - 1 END, leader_id, ''
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::uuid[],
  %s::text[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::int[], %s::uuid[])
  AS new (tenant_id, recipient_id, mode, type, name, key, at, id, policy, priority, closes_at, latest_at, count,
          leader_id)
ON CONFLICT (tenant_id, recipient_id, mode, type, name, key) WHERE state = 'open' DO UPDATE SET
  closes_at = least(known.latest_at, greatest(known.closes_at, EXCLUDED.closes_at)),
  count = known.count + EXCLUDED.count + (EXCLUDED.leader_id IS NOT NULL)::int,
  priority = least(known.priority, EXCLUDED.priority)
RETURNING tenant_id, recipient_id, mode, type, name, key, id, count, closes_at, leader_id
"""

_FULL = """
UPDATE orchestrator_digest d SET state = 'closing', closes_at = least(d.closes_at, now()), count = v.count
FROM unnest(%s::uuid[], %s::int[]) AS v (id, count) WHERE d.id = v.id
"""

_PUT = """
INSERT INTO orchestrator_digestitem (tenant_id, digest_id, notification_id, type, at, data, expires_at, left_out,
  channels)
SELECT tenant_id, digest_id, notification_id, type, at, data::jsonb, expires_at, '', string_to_array(channels, ' ')
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[], %s::text[], %s::timestamptz[],
  %s::text[])
  AS new (tenant_id, digest_id, notification_id, type, at, data, expires_at, channels)
ON CONFLICT DO NOTHING
"""

_TELLING = """
SELECT notification_id FROM orchestrator_digest WHERE notification_id = ANY (%s)
UNION SELECT sent_as FROM orchestrator_digestitem WHERE sent_as = ANY (%s)
"""


class Place(NamedTuple):
    """Where items meet: one digest at a time is open there. In the order in which places are locked."""

    tenant_id: UUID
    recipient_id: UUID
    mode: str
    type: str
    name: str
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class Joining:
    """A message to one person that is to be gathered. `data`: all that its template would see of it; `channels`: those
    on which it is gathered."""

    place: Place
    notification_id: UUID
    policy: DigestPolicy
    at: datetime
    zone: str
    priority: int
    expires_at: datetime | None
    data: Mapping[str, Any]
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """The digest that a message went into, and when it will close. `leads`: it goes out at once and opened it."""

    digest_id: UUID
    closes_at: datetime
    leads: bool = False


def join(asked: Sequence[Joining]) -> dict[Joining, Joined]:
    """Put messages into the open digests of their places, in the caller's transaction; where none is open, open one.

    Four statements for any batch, two more for every time that digests get full by it.
    """
    waiting: dict[Place, list[Joining]] = defaultdict(list)
    for one in sorted(asked, key=attrgetter("place", "notification_id")):
        waiting[one.place].append(one)
    if not waiting:
        return {}
    _retire(waiting)
    found: dict[Joining, Joined] = {}
    while waiting:
        joined, waiting = _round(waiting)
        found |= joined
    _put({one: joined.digest_id for one, joined in found.items() if not joined.leads})
    wake_timekeeper(min((joined.closes_at for joined in found.values()), default=None))
    return found


def telling(notification_ids: Collection[UUID]) -> set[UUID]:
    """Those of the notifications that tell of a digest's items: what is in them is not gathered again."""
    if not notification_ids:
        return set()
    ids = list(notification_ids)
    with connection.cursor() as cursor:
        cursor.execute(_TELLING, (ids, ids))
        return {found for (found,) in cursor.fetchall()}


def _retire(waiting: Mapping[Place, Sequence[Joining]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_RETIRE, _columns([(*place, items[0].at) for place, items in waiting.items()]))


def _round(waiting: Mapping[Place, Sequence[Joining]]) -> tuple[dict[Joining, Joined], dict[Place, list[Joining]]]:
    """Let as many join as there is room for; returns them, and those for whom the next digest has to open."""
    rows = [_row(place, items) for place, items in waiting.items()]
    found: dict[Joining, Joined] = {}
    left: dict[Place, list[Joining]] = {}
    full: list[tuple[UUID, int]] = []
    with connection.cursor() as cursor:
        cursor.execute(_JOIN, _columns(rows))
        for *where, id, count, closing, leader_id in cursor.fetchall():
            place = Place(*where)
            items = list(waiting[place])
            if items[0].notification_id == leader_id:
                found[items.pop(0)] = Joined(id, closing, leads=True)
            most = items[0].policy.max_items if items else count + 1
            room = max(most - (count - len(items)), 0)
            found |= dict.fromkeys(items[:room], Joined(id, closing))
            if items[room:]:
                left[place] = items[room:]
            if count >= most:
                full.append((id, count - len(items[room:])))
        if full:
            cursor.execute(_FULL, _columns(full))
    return found, left


def _row(place: Place, items: Sequence[Joining]) -> tuple[Any, ...]:
    first = items[0]
    opens_at = min(item.at for item in items)
    window = first.policy.window
    return (
        *place,
        opens_at,
        uuid7(opens_at),
        msgspec.json.encode(first.policy).decode(),
        min(item.priority for item in items),
        closes_at(window, first_at=opens_at, last_at=max(item.at for item in items), zone=first.zone),
        latest_at(window, first_at=opens_at, zone=first.zone),
        len(items),
        first.notification_id if first.policy.leading else None,
    )


def _put(items: Mapping[Joining, UUID]) -> None:
    rows = [
        (
            one.place.tenant_id,
            digest_id,
            one.notification_id,
            one.place.type,
            one.at,
            json.dumps(dict(one.data)),
            one.expires_at,
            " ".join(one.channels),
        )
        for one, digest_id in items.items()
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_PUT, _columns(rows))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
