"""Recover what a dead worker left: leases that ran out, one statement's worth at a time. Recovery, not scheduling.

A lease further ahead than any lease can be was written by a clock that has since jumped back; it counts as run out.
"""

from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from channels_app.accounts import Ways, ways_of
from channels_app.registry import channels, providers
from kernel.backoff import CAP_SECONDS
from orchestrator.rules.outcomes import MOST_RETRY_AFTER, Road, after_crash
from orchestrator.services import dead_letters
from orchestrator.services.calls import attempt_id, close_attempts
from orchestrator.services.claim import LEASE_SECONDS, claimed_delivery
from orchestrator.services.moves import Written, move
from orchestrator.services.next_steps import follow_up
from orchestrator.services.settle import settle
from orchestrator.values import ClaimedDelivery, Move

# Taking over is a new epoch: whoever held the lease can write nothing any more, except proof of acceptance.
_TAKE_OVER = """
UPDATE notifications_delivery SET lease_epoch = lease_epoch + 1, crashes = crashes + 1,
  lease_until = now() + %(lease)s * interval '1 second'
WHERE id = ANY (ARRAY(
  SELECT id FROM notifications_delivery
  WHERE lease_until IS NOT NULL
    AND (lease_until < now() OR lease_until > now() + 4 * %(lease)s * interval '1 second')
  ORDER BY lease_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING id, tenant_id, notification_id, recipient_id, endpoint_id, channel, step, last_step, mode, priority,
  CASE WHEN state = 'sending' THEN attempts - 1 ELSE attempts END,
  attempts_before, crashes, lease_epoch, expires_at, unknown_policy, data, created_at, now(), template_version_id,
  locale, success, state, provider
"""

_COLUMNS = """id, tenant_id, notification_id, recipient_id, endpoint_id, channel, step, last_step, mode, priority,
  attempts, attempts_before, crashes, lease_epoch, expires_at, unknown_policy, data, created_at, now(),
  template_version_id, locale, success"""

_HELD_TOO_LONG = f"""
SELECT {_COLUMNS} FROM notifications_delivery
WHERE state = 'unknown' AND due_at <= now()
ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
"""

# A wait written by a clock that has since jumped back would last too long: no backoff and no Retry-After lasts longer.
_CLAMP = """
UPDATE notifications_delivery SET due_at = '-infinity'
WHERE state = 'pending' AND lane = 4 AND wait_reason = 'backoff' AND channel = ANY (%s)
  AND due_at > now() + %s * interval '1 second'
"""


def recover(*, limit: int = 200) -> int:
    """Take over deliveries whose lease ran out and move them on; returns how many."""
    with transaction.atomic():
        taken = _take_over(limit)
        if not taken:
            return 0
        at = taken[0][0].at
        ways = ways_of({delivery.tenant_id for delivery, _, _ in taken})
        written = [_judged(delivery, state, provider, ways, at) for delivery, state, provider in taken]
        close_attempts(
            (attempt_id(w.move.delivery), "unknown", "worker_lost", "the worker died during the call", "")
            for w in written
            if w.was == "sending"
        )
        move(written, at=at)
        follow_up(written, at=at)
        dead_letters.add([_dead(w) for w in written if w.move.state == "dead"], at=at)
    settle({w.move.delivery.notification_id for w in written}, at=at)
    return len(written)


def give_up_holding(*, limit: int = 200) -> int:
    """Fail deliveries whose answer was lost, that may not be sent again, and whose proof did not come in time."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_HELD_TOO_LONG, (limit,))
            held = [claimed_delivery(row) for row in cursor.fetchall()]
        if not held:
            return 0
        at = held[0].at
        written = [
            Written(Move(d, "failed", "unknown_outcome"), was="unknown", succeeded=False, detail={}) for d in held
        ]
        move(written, at=at)
        follow_up(written, at=at)
    settle({d.notification_id for d in held}, at=at)
    return len(held)


def clamp_waits() -> int:
    """Make retries due whose wait no rule could have decided; returns how many."""
    hasty = [channel.key for channel in channels if not channel.patient]
    with connection.cursor() as cursor:
        cursor.execute(_CLAMP, (hasty, MOST_RETRY_AFTER.total_seconds() + CAP_SECONDS))
        return int(cursor.rowcount)


def _dead(written: Written) -> dead_letters.DeadDelivery:
    delivery = written.move.delivery
    return dead_letters.DeadDelivery(
        id=delivery.id,
        tenant_id=delivery.tenant_id,
        notification_id=delivery.notification_id,
        channel=delivery.channel,
        provider=written.detail.get("provider", ""),
        reason=written.move.reason,
        error={"code": written.move.code, **written.move.detail},
        attempts=delivery.attempts,
    )


def _take_over(limit: int) -> list[tuple[ClaimedDelivery, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OVER, {"lease": LEASE_SECONDS, "limit": limit})
        return [(claimed_delivery(row[:-2]), row[-2], row[-1]) for row in sorted(cursor.fetchall())]


def _judged(delivery: ClaimedDelivery, state: str, provider: str, ways: Ways, at: datetime) -> Written:
    accounts = ways.to(delivery.channel, mode=delivery.mode, tenant_id=delivery.tenant_id)
    can = providers.get(provider).capabilities if provider in providers else None
    road = Road(
        budget=settings.ORCHESTRATOR.retry_max_attempts * max(len(accounts), 1),
        honours_key=can is not None and can.idempotency == "key",
        patient=channels.get(delivery.channel).patient,
    )
    decided = after_crash(delivery, road, sending=state == "sending", at=at)
    return Written(decided, was=state, succeeded=False, detail={"provider": provider, "crashes": delivery.crashes})
