"""Heed what the operator allows a tenant, exactly: counted in the transaction that begins the calls.

The counters are raised under their row locks by what is to begin, and put right by what did begin. Where no tenant has
a quota nobody is asked.
"""

from collections import Counter as Tally
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from prometheus_client import Counter

from events.services import record
from events.values import NewEvent
from orchestrator.rules.quotas import (
    TOLD_PERCENT,
    Quota,
    Wanted,
    concerned,
    described,
    name_of,
    over_quota,
    starts_on,
    told_at,
)
from orchestrator.selectors_quotas import quotas_of
from orchestrator.services.routing import ProviderCall
from orchestrator.values import Move
from tenants.services import audit

KEPT = timedelta(days=400)  # how long the counters of a period that began then are kept
QUOTA_EXCEEDED_TOTAL = Counter(
    "carillon_quota_exceeded_total", "Deliveries that a quota kept from beginning.", ("channel", "state")
)
QUOTA_REACHED_TOTAL = Counter("carillon_quota_reached_total", "Quotas whose use came to a mark.", ("percent",))
for _percent in TOLD_PERCENT:
    QUOTA_REACHED_TOTAL.labels(_percent)  # what is counted from zero can be alerted on

# Whoever raises a counter holds it until the transaction ends. In one order, whoever raises several.
_RAISE = """
INSERT INTO orchestrator_quotause AS kept (tenant_id, channel, account, period, starts_on, used)
SELECT tenant_id, channel, account, period, starts_on, wanted
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::date[], %s::bigint[])
  AS new (tenant_id, channel, account, period, starts_on, wanted)
ORDER BY tenant_id, channel, account, period, starts_on
ON CONFLICT (tenant_id, channel, account, period, starts_on) DO UPDATE SET used = kept.used + EXCLUDED.used
RETURNING tenant_id, channel, account, period, used
"""

_GIVE_BACK = """
UPDATE orchestrator_quotause kept SET used = kept.used - v.surplus
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::date[], %s::bigint[])
  AS v (tenant_id, channel, account, period, starts_on, surplus)
WHERE kept.tenant_id = v.tenant_id AND kept.channel = v.channel AND kept.account = v.account
  AND kept.period = v.period AND kept.starts_on = v.starts_on
"""

_PURGE = """
DELETE FROM orchestrator_quotause WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM orchestrator_quotause WHERE starts_on < %s ORDER BY starts_on LIMIT %s))
"""


@dataclass(frozen=True, slots=True)
class Raised:
    """A counter as it was `before`, and by how much it was raised."""

    starts_on: date
    before: int
    by: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What a transaction counted before it was known what begins."""

    wanted: Sequence[Wanted] = ()
    raised: dict[Quota, Raised] | None = None


NOTHING = Counted()


def keep_within(calls: Sequence[ProviderCall], *, at: datetime) -> tuple[list[ProviderCall], list[Move], Counted]:
    """Those of the calls that quotas allow, the moves of the others, and what was counted; to be followed by
    `count_begun` in the same transaction.
    """
    wanted = _wanted(calls)
    if not wanted:
        return list(calls), [], NOTHING
    raised = _raise(wanted, at=at)
    held = over_quota(wanted, {quota: quota.allowed - found.before for quota, found in raised.items()}, at=at)
    for move in held:
        QUOTA_EXCEEDED_TOTAL.labels(move.delivery.channel, move.state).inc()
    stays = {move.delivery.id for move in held}
    return [call for call in calls if call.delivery.id not in stays], held, Counted(wanted, raised)


def count_begun(counted: Counted, begun: Collection[UUID], *, at: datetime) -> None:
    """Let count only what has begun, and tell where that reached a mark."""
    if not counted.raised:
        return
    began = Tally(quota for one in counted.wanted if one.delivery.id in begun for quota in one.quotas)
    surplus = {quota: found.by - began[quota] for quota, found in counted.raised.items() if found.by > began[quota]}
    if surplus:
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, _columns(surplus, {q: counted.raised[q].starts_on for q in surplus}))
    for quota, found in counted.raised.items():
        _tell(quota, found, used=found.before + began[quota], at=at)


def purge(*, at: datetime, limit: int) -> int:
    """Forget the counters of periods long over; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, ((at - KEPT).date(), limit))
        return int(cursor.rowcount)


def _wanted(calls: Sequence[ProviderCall]) -> list[Wanted]:
    quotas = quotas_of({call.delivery.tenant_id for call in calls})
    asked = (
        concerned(quotas[call.delivery.tenant_id], call.delivery, account=call.account.key)
        for call in calls
        if quotas[call.delivery.tenant_id]
    )
    return [one for one in asked if one]


def _raise(wanted: Sequence[Wanted], *, at: datetime) -> dict[Quota, Raised]:
    by = Tally(quota for one in wanted for quota in one.quotas)
    since = {quota: starts_on(quota.period, at=at) for quota in by}
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, _columns(by, since))
        used = {(tenant, channel, account, period): n for tenant, channel, account, period, n in cursor.fetchall()}
    return {
        quota: Raised(since[quota], used[quota.tenant_id, quota.channel, quota.account, quota.period] - count, count)
        for quota, count in by.items()
    }


def _columns(counts: dict[Quota, int], since: dict[Quota, date]) -> tuple[list[object], ...]:
    return (
        [quota.tenant_id for quota in counts],
        [quota.channel for quota in counts],
        [quota.account for quota in counts],
        [quota.period for quota in counts],
        [since[quota] for quota in counts],
        list(counts.values()),
    )


def _tell(quota: Quota, found: Raised, *, used: int, at: datetime) -> None:
    """At most once per mark and period: a counter never falls from one transaction to the next."""
    name = name_of(channel=quota.channel, account=quota.account, period=quota.period)
    for percent in told_at(quota, before=found.before, used=used):
        QUOTA_REACHED_TOTAL.labels(percent).inc()
        told = {**described(quota), "since": found.starts_on.isoformat(), "percent": percent, "used": used}
        record([NewEvent(quota.tenant_id, "quota.reached", at, detail=told, actor="system")])
        audit(quota.tenant_id, actor="system", action="quota.reached", object=name, detail=told, at=at)
