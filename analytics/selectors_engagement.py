"""Look at what was learned of people's engagement: the evidence that decisions are taken on."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from analytics.models import EngagementTally
from analytics.rules.engagement import EVERYBODY, Profile, faded, later, segment_of
from orchestrator.rules.bandit import NOTHING, ChannelEvidence, Count

DIGITS = 2  # of counts: decisions are kept with their evidence, and more would say nothing

Cells = Mapping[tuple[UUID, str, str], Mapping[str, Count]]  # tenant, segment, channel → part of the week ("" = all)


def evidence_of(
    wanted: Collection[tuple[UUID, UUID]], *, at: datetime
) -> dict[tuple[UUID, UUID], Mapping[str, ChannelEvidence]]:
    """What is known for each (tenant, recipient), by channel: in two statements, as it has faded until `at`."""
    half_life = timedelta(days=settings.ORCHESTRATOR.engagement_half_life_days)
    whose = sorted(set(wanted))
    profiles = _profiles(whose, at=at, half_life=half_life)
    segments = {who: segment_of(profiles.get(who)) for who in whose}
    cells = _cells({(tenant, segment) for (tenant, _), segment in segments.items()}, at=at, half_life=half_life)
    channels: dict[UUID, list[str]] = defaultdict(list)
    for tenant, segment, channel in cells:
        if segment == EVERYBODY:
            channels[tenant].append(channel)
    shared: dict[tuple[UUID, str], dict[str, ChannelEvidence]] = {}
    for (tenant, _), segment in segments.items():
        if (tenant, segment) not in shared:
            shared[tenant, segment] = {name: _of(cells, tenant, segment, name) for name in sorted(channels[tenant])}
    return {
        who: _with_own(shared[who[0], segment], profiles[who]) if who in profiles else shared[who[0], segment]
        for who, segment in segments.items()
    }


ENGAGEMENT_GROUPINGS = ("channel", "segment", "hour")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class EngagementGroup:
    """Tries and successes of one group on one channel."""

    name: str
    channel: str
    tries: float
    successes: float


def engagement(rows: QuerySet[EngagementTally], *, by: str, at: datetime) -> list[EngagementGroup]:
    """`rows` as they have faded until `at`, by one of `ENGAGEMENT_GROUPINGS` and by channel, in that order."""
    half_life = timedelta(days=settings.ORCHESTRATOR.engagement_half_life_days)
    match by:
        case "hour":
            rows = rows.filter(hour__gte=0)
        case "segment":
            rows = rows.filter(hour__lt=0).exclude(segment=EVERYBODY)
        case _:
            rows = rows.filter(hour__lt=0, segment=EVERYBODY)
    summed: dict[tuple[int, str, str], Count] = defaultdict(lambda: NOTHING)
    for row in rows.order_by().iterator():
        left = faded(row.as_of, at, half_life)
        name = {"hour": f"{_DAYS[row.hour // 24]} {row.hour % 24:02}", "segment": row.segment}.get(by, row.channel)
        place = (max(row.hour, 0), name, row.channel)
        tries, successes = summed[place]
        summed[place] = (tries + row.tries * left, successes + row.successes * left)
    return [EngagementGroup(place[1], place[2], *summed[place]) for place in sorted(summed)]


def _of(cells: Cells, tenant: UUID, segment: str, channel: str) -> ChannelEvidence:
    alike = cells.get((tenant, segment, channel), {})
    return ChannelEvidence(
        tenant=cells[tenant, EVERYBODY, channel].get("", NOTHING),
        alike=alike.get("", NOTHING),
        hours={part: count for part, count in sorted(alike.items()) if part},
        segment=segment,
    )


def _with_own(known: Mapping[str, ChannelEvidence], profile: Profile) -> dict[str, ChannelEvidence]:
    return {
        name: ChannelEvidence(
            tenant=found.tenant,
            alike=found.alike,
            own=_rounded(profile.channels.get(name, NOTHING)),
            hours=found.hours,
            cost_micros=found.cost_micros,
            segment=found.segment,
        )
        for name, found in known.items()
    }


def _profiles(
    whose: Collection[tuple[UUID, UUID]], *, at: datetime, half_life: timedelta
) -> dict[tuple[UUID, UUID], Profile]:
    with connection.cursor() as cursor:
        cursor.execute(_PROFILES, ([tenant for tenant, _ in whose], [recipient for _, recipient in whose]))
        rows: list[Any] = cursor.fetchall()
    return {
        (tenant_id, recipient_id): later(
            Profile(as_of, {name: (n, k) for name, (n, k) in json.loads(channels).items()}, json.loads(parts)),
            at,
            half_life,
        )
        for tenant_id, recipient_id, as_of, channels, parts in rows
    }


def _cells(
    wanted: Collection[tuple[UUID, str]], *, at: datetime, half_life: timedelta
) -> dict[tuple[UUID, str, str], dict[str, Count]]:
    everybody = {(tenant, EVERYBODY) for tenant, _ in wanted}
    asked = sorted({*wanted, *everybody})
    with connection.cursor() as cursor:
        cursor.execute(
            _CELLS,
            {
                "tenants": [tenant for tenant, _ in asked],
                "segments": [segment for _, segment in asked],
                "at": at,
                "half_life": half_life.total_seconds(),
            },
        )
        found: dict[tuple[UUID, str, str], dict[str, Count]] = defaultdict(dict)
        for tenant_id, segment, channel, part, tries, successes in cursor.fetchall():
            found[tenant_id, segment, channel][part] = _rounded((tries, successes))
    return dict(found)


def _rounded(count: Count) -> Count:
    return round(count[0], DIGITS), round(count[1], DIGITS)


_PROFILES = """
SELECT p.tenant_id, p.recipient_id, p.as_of, p.channels::text, p.parts::text FROM analytics_engagementprofile p
JOIN unnest(%s::uuid[], %s::uuid[]) AS wanted (tenant_id, recipient_id) USING (tenant_id, recipient_id)
"""
# The parts of the week are those of `orchestrator.rules.bandit.bucket`.
_CELLS = """
SELECT t.tenant_id, t.segment, t.channel, part, sum(t.tries * faded), sum(t.successes * faded)
FROM unnest(%(tenants)s::uuid[], %(segments)s::text[]) AS wanted (tenant_id, segment)
JOIN analytics_engagementtally t USING (tenant_id, segment)
CROSS JOIN LATERAL (SELECT
  power(0.5, greatest(extract(epoch from %(at)s - t.as_of) / %(half_life)s, 0))::float8 AS faded,
  CASE WHEN t.hour < 0 THEN '' ELSE CASE WHEN t.hour / 24 >= 5 THEN 'weekend-' ELSE 'weekday-' END
    || lpad((t.hour %% 24 / 3 * 3)::text, 2, '0') END AS part) AS counted
GROUP BY t.tenant_id, t.segment, t.channel, part
"""
