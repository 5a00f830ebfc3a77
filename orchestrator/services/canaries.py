"""Watch canaries: what came to the people of either version, read from the log once, and what follows from it.

A look is a constant number of statements, however many canaries there are. Reading the log and moving a canary's place
in it are one transaction, so every line counts once.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.models import Count
from django.db.models.functions import Now

from kernel.gauges import Reading, gauge_source
from orchestrator.services.quarantine import hand_back
from preferences.rules.consent import EVERY_CHANNEL
from templates_app.models import Canary, CanaryHarm, Template, TemplateVersion
from templates_app.rules.canary import RUNNING, Tally, Terms, Verdict, gets_canary, judge
from templates_app.services.canaries import end

ACTOR = "canary"
PAUSE = timedelta(seconds=20)  # between two looks at a canary
SWEEP = timedelta(minutes=10)  # as long as what was planned before the end of a canary may still turn up
NEWS = timedelta(hours=1)  # as long as the metrics tell how canaries ended
MOST_LINES = 20_000  # read at once
MOST_READS = 10  # in one look
MOST_CANARIES = 500
_HIGHEST_ID = UUID(int=(1 << 128) - 1)

_HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

# Lines that matter, with the delivery each speaks of. Whoever leaves on a page or takes a consent back is not sent
# there by one message: it is the last one they got on the channel. Versions that a request names itself were given to
# nobody by chance.
_READ = """
WITH watched AS MATERIALIZED (
  SELECT * FROM unnest(%(canaries)s::uuid[], %(tenants)s::uuid[], %(versions)s::uuid[], %(befores)s::uuid[],
                       %(xids)s::text[], %(ids)s::uuid[], %(since)s::timestamptz[])
    AS c (canary_id, tenant_id, version_id, before_id, log_xid, log_id, started_at)
), lines AS MATERIALIZED (
  SELECT e.xid, e.id, e.tenant_id, e.kind, e.reason, e.at, e.delivery_id, e.detail FROM events_event e
  WHERE (e.xid, e.id) > (SELECT log_xid::xid8, log_id FROM watched ORDER BY log_xid::xid8, log_id LIMIT 1)
    AND e.xid < %(horizon)s::text::xid8 AND e.tenant_id = ANY (%(tenants)s)
    AND (e.kind IN ('delivery.complained', 'delivery.unsubscribed')
      OR e.kind = 'suppression.added' AND e.reason = 'unsubscribe' AND e.detail ? 'recipient'
      OR e.kind = 'consent.withdrawn'
      OR e.kind = 'delivery.moved' AND (e.detail ->> 'to' IN ('bounced', 'failed')
        OR e.detail ->> 'to' = 'sending' AND e.detail ->> 'attempt' = '1'))
  ORDER BY e.xid, e.id LIMIT %(limit)s
)
SELECT w.canary_id, l.xid::text::bigint, l.id, l.kind, l.reason, l.detail ->> 'to', l.at, d.recipient_id, d.created_at,
  d.template_version_id
FROM lines l
LEFT JOIN LATERAL (
  (SELECT * FROM notifications_delivery WHERE id = l.delivery_id)
  UNION ALL
  (SELECT * FROM notifications_delivery WHERE l.delivery_id IS NULL
     AND recipient_id = (l.detail ->> 'recipient')::uuid AND created_at <= l.at
     AND (channel = l.detail ->> 'channel' OR l.detail ->> 'channel' = %(every_channel)s)
   ORDER BY id DESC LIMIT 1)
) AS d ON true
LEFT JOIN watched w ON w.tenant_id = d.tenant_id AND d.mode = 'live' AND d.created_at >= w.started_at
  AND d.template_version_id IN (w.version_id, w.before_id) AND (l.xid, l.id) > (w.log_xid::xid8, w.log_id)
  AND coalesce((SELECT n.template !~ '@' FROM notifications_notification n WHERE n.id = d.notification_id), true)
ORDER BY l.xid, l.id
"""


def watch(*, at: datetime) -> int:
    """Look at canaries that nobody looked at just now; returns how many ended. Needs to see all tenants."""
    ended = 0
    with transaction.atomic():
        canaries = _due(at)
        if canaries:
            _read(canaries, at=at)
            ended = _decide(canaries, at=at)
    _sweep(at)
    return ended


def _due(at: datetime) -> list[Canary]:
    rows = Canary.objects.select_for_update(skip_locked=True).filter(state=RUNNING, looked_at__lte=at - PAUSE)
    return list(rows.order_by("looked_at")[:MOST_CANARIES])


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the log and the delivery it speaks of; without a canary it only tells how far was read."""

    canary_id: UUID | None
    xid: int
    id: UUID
    kind: str
    reason: str
    to: str | None
    at: datetime
    recipient_id: UUID
    planned_at: datetime
    version_id: UUID

    @property
    def harm(self) -> str:
        """What came to the person; empty when the message was just begun."""
        if self.kind != "delivery.moved":
            return {"delivery.complained": "complained"}.get(self.kind, "unsubscribed")
        if self.to == "failed":
            return "render_error" if self.reason == "render_error" else "refused"
        return "bounced" if self.to == "bounced" else ""


def _read(canaries: Sequence[Canary], *, at: datetime) -> None:
    """Bring the figures of the canaries up to date with the log; what is too much for one look waits for the next."""
    for _ in range(MOST_READS):
        if not _read_on(canaries):
            break
    tallies = _tallies([canary.id for canary in canaries])
    for canary in canaries:
        canary.tallies = [msgspec.to_builtins(tally) for tally in tallies.get(canary.id, ())]
        canary.looked_at = at


def _read_on(canaries: Sequence[Canary]) -> bool:
    """Count what the next lines tell; `True` when there may be more."""
    horizon, lines = _lines(canaries)
    full = len({line.id for line in lines}) >= MOST_LINES
    place = (lines[-1].xid, lines[-1].id) if full else (horizon - 1, _HIGHEST_ID)
    by_id = {canary.id: canary for canary in canaries}
    begun: Counter[tuple[UUID, str]] = Counter()
    harms: list[CanaryHarm] = []
    for line in lines:
        canary = by_id.get(line.canary_id) if line.canary_id else None
        if canary is None or (percent := _share_at(canary, line.planned_at)) == 0:
            continue
        new = line.version_id == canary.version_id
        if new != gets_canary(canary.template_id, canary.version_id, line.recipient_id, percent=percent):
            continue  # planned while the share was changing
        if line.harm:
            harms.append(_harm(canary, line, percent=percent, new=new))
        else:
            begun[canary.id, "canary" if new else "control"] += 1
    CanaryHarm.objects.bulk_create(harms, ignore_conflicts=True)
    for canary in canaries:
        canary.deliveries = {which: many + begun[canary.id, which] for which, many in canary.deliveries.items()}
        if (canary.log_xid, canary.log_id.int) < (place[0], place[1].int):
            canary.log_xid, canary.log_id = place
    return full


def _lines(canaries: Sequence[Canary]) -> tuple[int, list[_Line]]:
    with connection.cursor() as cursor:
        cursor.execute(_HORIZON)
        (horizon,) = cursor.fetchone()
        cursor.execute(
            _READ,
            {
                "canaries": [canary.id for canary in canaries],
                "tenants": [canary.tenant_id for canary in canaries],
                "versions": [canary.version_id for canary in canaries],
                "befores": [canary.before_id for canary in canaries],
                "xids": [str(canary.log_xid) for canary in canaries],
                "ids": [canary.log_id for canary in canaries],
                "since": [canary.started_at for canary in canaries],
                "horizon": str(horizon),
                "limit": MOST_LINES,
                "every_channel": EVERY_CHANNEL,
            },
        )
        return horizon, [_Line(*row) for row in cursor.fetchall()]


def _share_at(canary: Canary, moment: datetime) -> int:
    """The canary's share when something was planned; 0 before it began."""
    so_far = [one["percent"] for one in canary.stages if datetime.fromisoformat(one["since"]) <= moment]
    return so_far[-1] if so_far else 0


def _harm(canary: Canary, line: _Line, *, percent: int, new: bool) -> CanaryHarm:
    return CanaryHarm(
        tenant_id=canary.tenant_id,
        canary_id=canary.id,
        harm=line.harm,
        recipient_id=line.recipient_id,
        percent=percent,
        canary=new,
        at=line.at,
    )


def _tallies(canary_ids: Sequence[UUID]) -> dict[UUID, list[Tally]]:
    """People by kind of harm and share."""
    rows = CanaryHarm.objects.filter(canary_id__in=canary_ids).order_by("canary_id", "harm", "percent")
    counted = rows.values_list("canary_id", "harm", "percent", "canary").annotate(people=Count("recipient_id"))
    found: dict[UUID, list[Tally]] = defaultdict(list)
    for (canary_id, harm, percent), group in groupby(counted, key=lambda row: row[:3]):
        people = {new: count for *_, new, count in group}
        found[canary_id].append(Tally(harm, percent, people.get(True, 0), people.get(False, 0)))
    return found


def _decide(canaries: Sequence[Canary], *, at: datetime) -> int:
    """Write what was seen, and end what has ended."""
    held = set(
        TemplateVersion.objects.filter(id__in=[canary.version_id for canary in canaries])
        .exclude(quarantined_at=None)
        .values_list("id", flat=True)
    )
    verdicts: list[tuple[Canary, Verdict]] = []
    for canary in canaries:
        verdict = judge(
            [Tally(**tally) for tally in canary.tallies],
            terms=Terms(**canary.terms),
            deliveries=canary.deliveries["canary"],
            started_at=canary.started_at,
            held_back=canary.version_id in held,
            at=at,
        )
        canary.harm, canary.evidence = verdict.harm, verdict.evidence
        verdicts.append((canary, verdict))
    seen = ("tallies", "deliveries", "harm", "evidence", "looked_at", "log_xid", "log_id")
    Canary.objects.bulk_update(canaries, seen)
    ends = [(canary, verdict) for canary, verdict in verdicts if verdict.ends]
    templates = Template.objects.in_bulk([canary.template_id for canary, _ in ends])
    for canary, verdict in ends:
        assert verdict.ends is not None
        end(templates[canary.template_id], state=verdict.ends, why=_why(canary, verdict), actor=ACTOR, at=at)
    return len(ends)


def _why(canary: Canary, verdict: Verdict) -> str:
    if verdict.ends == "promoted":
        return f"{canary.deliveries['canary']:,} deliveries, and nothing speaks against it"
    if verdict.harm == "quarantined":
        return "the version is held back"
    new = sum(tally["canary"] for tally in canary.tallies if tally["harm"] == verdict.harm)
    old = sum(tally["control"] for tally in canary.tallies if tally["harm"] == verdict.harm)
    words = verdict.harm.replace("_", " ")
    return f"{words}: {new:,} people with the new words, {old:,} with those before, at {canary.percent} %"


def _sweep(at: datetime) -> None:
    """What a worker was still planning or holding when its canary was rolled back gets the words before, too."""
    rows = Canary.objects.filter(state="rolled_back", ended_at__gt=at - SWEEP)
    for version_id, before_id in rows.values_list("version_id", "before_id"):
        with transaction.atomic():
            hand_back(version_id, before_id)


@gauge_source(
    "carillon_template_canaries",
    meaning="Template versions that some get first: those running, and those that ended within the hour, by how.",
    labels=("state",),
)
def _gauge() -> Sequence[Reading]:
    rows: Any = Canary.objects.order_by()
    states = dict.fromkeys(Canary.State.values, 0)
    states[RUNNING] = rows.filter(state=RUNNING).count()
    states |= dict(rows.filter(ended_at__gt=Now() - NEWS).values_list("state").annotate(many=Count("id")))
    return [((state,), float(many)) for state, many in states.items()]


@gauge_source("carillon_template_versions_held", meaning="Template versions in use that are held back: messages wait.")
def _held_back() -> Sequence[Reading]:
    in_use = Template.objects.filter(archived_at=None, live_id__isnull=False).values("live_id")
    return [((), float(TemplateVersion.objects.filter(id__in=in_use).exclude(quarantined_at=None).count()))]
