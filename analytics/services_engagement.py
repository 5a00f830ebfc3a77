"""Learn from tries and successes: a constant number of statements for a batch, in the caller's transaction.

The rules are those of `rules.engagement`. A try is kept until its success no longer counts, with the cell it was
counted in: whoever changes their segment meanwhile does not leave a success behind in a cell that had no try.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from analytics.rules.engagement import (
    EVERYBODY,
    SUCCESSES,
    TAKEN,
    WINDOW,
    Profile,
    hour_of_week,
    later,
    segment_of,
    succeeded,
    tried,
)
from analytics.rules.rollups import AUTOMATED, MOVED
from events.consumers import IN_STRETCH, Stretch
from kernel.ids import id_range

ALL_HOURS = -1
PURGE_BATCH = 2_000

Whose = tuple[UUID, UUID]  # tenant and recipient


@dataclass(frozen=True, slots=True)
class Tried:
    """A message in the cell that it is counted in."""

    delivery_id: UUID
    whose: Whose
    channel: str
    segment: str
    hour: int
    at: datetime


def learn_from_lines(stretch: Stretch) -> None:
    """Learn from what the lines of a stretch tell of; of a delivery the first that tells of it counts."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TOLD,
            {
                **stretch.bounds,
                "moved": MOVED,
                "taken": sorted(TAKEN),
                "successes": sorted(SUCCESSES),
                "automated": AUTOMATED,
            },
        )
        rows = cursor.fetchall()
    sent: dict[UUID, datetime] = {}
    engaged: dict[UUID, tuple[UUID, datetime]] = {}
    for kind, tenant_id, delivery_id, at in rows:
        if kind == MOVED:
            sent.setdefault(delivery_id, at)
        else:
            engaged.setdefault(delivery_id, (tenant_id, at))
    if rows:
        learn(sent, engaged)


def learn(sent: Mapping[UUID, datetime], engaged: Mapping[UUID, tuple[UUID, datetime]]) -> None:
    """Count deliveries that providers took (id → when) and those people engaged with (id → tenant, when).

    Each counts once however often it is told, test messages and those of people who were erased not at all.
    """
    half_life = timedelta(days=settings.ORCHESTRATOR.engagement_half_life_days)
    profiles: dict[Whose, Profile] = {}
    tries = _begin(sent, profiles)
    successes = _succeed(engaged)
    profiles |= _profiles({one.whose for one in successes} - {one.whose for one in tries})
    for one in sorted(tries, key=_when):
        profiles[one.whose] = tried(later(profiles.get(one.whose) or Profile(one.at), one.at, half_life), one.channel)
    for one in sorted(successes, key=_when):
        known = later(profiles.get(one.whose) or Profile(one.at), one.at, half_life)
        profiles[one.whose] = succeeded(known, one.channel, one.hour)
    _keep_profiles({one.whose: profiles[one.whose] for one in (*tries, *successes)})
    _count(tries, successes, half_life)
    if tries:
        _purge(before=max(one.at for one in tries) - WINDOW)


def _begin(sent: Mapping[UUID, datetime], profiles: dict[Whose, Profile]) -> list[Tried]:
    """Keep what was sent as tries; returns those that are new. Fills in the `profiles` of their people."""
    if not sent:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, (*id_range(tuple(sent)), list(sent)))
        rows = cursor.fetchall()
    profiles |= _profiles({(tenant_id, recipient_id) for _, tenant_id, recipient_id, _, _ in rows})
    zone = settings.ORCHESTRATOR.schedule_timezone_default
    found = [
        Tried(
            id,
            whose := (tenant_id, recipient_id),
            channel,
            segment_of(profiles.get(whose)),
            hour_of_week(sent[id].astimezone(ZoneInfo(timezone or zone))),
            sent[id],
        )
        for id, tenant_id, recipient_id, channel, timezone in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _BEGIN,
            (
                [one.whose[0] for one in found],
                [one.delivery_id for one in found],
                [one.whose[1] for one in found],
                [one.channel for one in found],
                [one.segment for one in found],
                [one.hour for one in found],
                [one.at for one in found],
            ),
        )
        new = {id for (id,) in cursor.fetchall()}
    return [one for one in found if one.delivery_id in new]


def _succeed(engaged: Mapping[UUID, tuple[UUID, datetime]]) -> list[Tried]:
    """The tries that people engaged with for the first time, and in time; `at` is when they did."""
    if not engaged:
        return []
    moments = {id: at for id, (_, at) in engaged.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            _SUCCEED,
            (
                [tenant_id for tenant_id, _ in engaged.values()],
                list(engaged),
                list(moments.values()),
                WINDOW.total_seconds(),
            ),
        )
        return [
            Tried(id, (tenant_id, recipient_id), channel, segment, hour, moments[id])
            for id, tenant_id, recipient_id, channel, segment, hour in cursor.fetchall()
        ]


def _profiles(whose: Collection[Whose]) -> dict[Whose, Profile]:
    if not whose:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_PROFILES, ([tenant for tenant, _ in whose], [recipient for _, recipient in whose]))
        return {
            (tenant_id, recipient_id): Profile(
                as_of, {name: (count[0], count[1]) for name, count in json.loads(channels).items()}, json.loads(parts)
            )
            for tenant_id, recipient_id, as_of, channels, parts in cursor.fetchall()
        }


def _keep_profiles(profiles: Mapping[Whose, Profile]) -> None:
    if not profiles:
        return
    ordered = sorted(profiles.items())
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            (
                [tenant for (tenant, _), _ in ordered],
                [recipient for (_, recipient), _ in ordered],
                [profile.as_of for _, profile in ordered],
                [json.dumps(profile.channels) for _, profile in ordered],
                [json.dumps(profile.parts) for _, profile in ordered],
                [segment_of(profile) for _, profile in ordered],
            ),
        )


def _count(tries: Iterable[Tried], successes: Iterable[Tried], half_life: timedelta) -> None:
    """Add to the cells. Within a batch nothing fades: it spans moments."""
    cells: dict[tuple[UUID, str, str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    latest: dict[tuple[UUID, str, str, int], datetime] = {}
    for place, counted in enumerate((tries, successes)):
        for one in counted:
            for segment, hour in ((EVERYBODY, ALL_HOURS), (one.segment, ALL_HOURS), (one.segment, one.hour)):
                cell = (one.whose[0], segment, one.channel, hour)
                cells[cell][place] += 1
                latest[cell] = max(latest.get(cell, one.at), one.at)
    if not cells:
        return
    ordered = sorted(cells)
    columns: Sequence[list[object]] = [list(column) for column in zip(*ordered, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "tenants": columns[0],
                "segments": columns[1],
                "channels": columns[2],
                "hours": columns[3],
                "moments": [latest[cell] for cell in ordered],
                "tries": [cells[cell][0] for cell in ordered],
                "successes": [cells[cell][1] for cell in ordered],
                "half_life": half_life.total_seconds(),
            },
        )


def _purge(*, before: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, (before, PURGE_BATCH))


def _when(one: Tried) -> tuple[datetime, UUID]:
    return one.at, one.delivery_id


_TOLD = f"""
SELECT kind, tenant_id, delivery_id, at FROM events_event
WHERE {IN_STRETCH} AND delivery_id IS NOT NULL AND (kind = %(moved)s AND detail ->> 'to' = ANY(%(taken)s)
  OR kind = ANY(%(successes)s) AND reason <> %(automated)s)
ORDER BY xid, id
"""
# KEY SHARE keeps a person from being erased between this look at them and our commit.
_LOOK = """
SELECT d.id, d.tenant_id, d.recipient_id, d.channel, person.timezone
FROM notifications_delivery d
JOIN audience_recipient AS person ON person.tenant_id = d.tenant_id AND person.id = d.recipient_id
WHERE d.id >= %s AND d.id < %s AND d.id = ANY(%s) AND d.mode = 'live'
ORDER BY person.id FOR KEY SHARE OF person
"""
_BEGIN = """
INSERT INTO analytics_try (tenant_id, delivery_id, recipient_id, channel, segment, hour, sent_at, engaged)
SELECT new.*, false FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::smallint[],
  %s::timestamptz[]) AS new
ON CONFLICT (tenant_id, delivery_id) DO NOTHING RETURNING delivery_id
"""
_SUCCEED = """
UPDATE analytics_try t SET engaged = true
FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) AS told (tenant_id, delivery_id, at)
WHERE t.tenant_id = told.tenant_id AND t.delivery_id = told.delivery_id AND NOT t.engaged
  AND told.at <= t.sent_at + make_interval(secs => %s)
RETURNING t.delivery_id, t.tenant_id, t.recipient_id, t.channel, t.segment, t.hour
"""
_PROFILES = """
SELECT p.tenant_id, p.recipient_id, p.as_of, p.channels::text, p.parts::text FROM analytics_engagementprofile p
JOIN unnest(%s::uuid[], %s::uuid[]) AS wanted (tenant_id, recipient_id) USING (tenant_id, recipient_id)
"""
_KEEP = """
INSERT INTO analytics_engagementprofile (tenant_id, recipient_id, as_of, channels, parts, segment)
SELECT tenant_id, recipient_id, as_of, channels::jsonb, parts::jsonb, segment
FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::text[])
  AS new (tenant_id, recipient_id, as_of, channels, parts, segment)
ON CONFLICT (tenant_id, recipient_id) DO UPDATE SET
  as_of = excluded.as_of, channels = excluded.channels, parts = excluded.parts, segment = excluded.segment
"""
_FADE = "power(0.5, greatest(extract(epoch from {until} - {since}) / %(half_life)s, 0))"
_LEFT = _FADE.format(until="excluded.as_of", since="kept.as_of")
_COUNT = f"""
INSERT INTO analytics_engagementtally AS kept (tenant_id, segment, channel, hour, as_of, tries, successes)
SELECT * FROM unnest(%(tenants)s::uuid[], %(segments)s::text[], %(channels)s::text[], %(hours)s::smallint[],
  %(moments)s::timestamptz[], %(tries)s::float8[], %(successes)s::float8[])
ON CONFLICT (tenant_id, segment, channel, hour) DO UPDATE SET
  tries = kept.tries * {_LEFT} + excluded.tries, successes = kept.successes * {_LEFT} + excluded.successes,
  as_of = greatest(kept.as_of, excluded.as_of)
"""
_PURGE = """
DELETE FROM analytics_try WHERE ctid IN (
  SELECT ctid FROM analytics_try WHERE sent_at < %s ORDER BY sent_at LIMIT %s)
"""
