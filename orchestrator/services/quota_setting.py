"""Set what a tenant is allowed: the operator's word, never the tenant's. Processes follow within `RELOAD_SECONDS`."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from channels_app.registry import channels
from kernel.ids import uuid7
from orchestrator.models import Quota
from orchestrator.pipeline import SEND_LANES
from orchestrator.rules.quotas import name_of
from orchestrator.selectors_quotas import RELOAD_SECONDS, forget_quotas
from orchestrator.services.timers import wake_timekeeper
from tenants.services import audit

MOST_WOKEN = 50_000  # of those that wait, the oldest; the others come when their period does
MOST_ALLOWED = 10**15
_AFTER_RELOAD = timedelta(seconds=RELOAD_SECONDS + 1)  # judged before, they would wait for another period

# Sending judges them anew. Rows are locked in one order by everybody.
_WAKE = """
UPDATE notifications_delivery d SET due_at = %(due_at)s
FROM (
  SELECT id FROM notifications_delivery
  WHERE id = ANY (ARRAY(
    SELECT id FROM notifications_delivery
    WHERE tenant_id = %(tenant)s AND lane = ANY (%(lanes)s) AND state = 'pending' AND due_at > %(due_at)s
      AND wait_reason = 'quota_exceeded'
    ORDER BY id LIMIT %(limit)s))
  ORDER BY id FOR UPDATE SKIP LOCKED
) AS waiting
WHERE d.id = waiting.id AND d.state = 'pending' AND d.wait_reason = 'quota_exceeded'
"""


class BadQuota(ValueError):
    """A quota that cannot be set; the message says what was found and what would do. `field` has it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Place:
    """What a quota counts: a channel, what goes through a provider account, or (both empty) everything."""

    period: str
    channel: str = ""
    account: str = ""

    def __str__(self) -> str:
        return name_of(channel=self.channel, account=self.account, period=self.period)


def set_quota(
    tenant_id: UUID, place: Place, *, allowed: int, over: str, actor: str, at: datetime
) -> tuple[Quota, bool]:
    """Set or change a quota; returns it and whether it is new. What waits for room is looked at again.

    Raises `BadQuota`.
    """
    check_quota(place, allowed=allowed, over=over)
    with transaction.atomic():
        row = Quota.objects.select_for_update().filter(tenant_id=tenant_id, **asdict(place)).first()
        roomier = row is not None and (allowed > row.allowed or over != row.over)
        quota, is_new = Quota.objects.update_or_create(
            tenant_id=tenant_id,
            **asdict(place),
            defaults={"allowed": allowed, "over": over, "updated_at": at},
            create_defaults={"id": uuid7(at), "allowed": allowed, "over": over, "updated_at": at},
        )
        detail = {"allowed": allowed, "over": over}
        audit(tenant_id, actor=actor, action="quota.set", object=str(place), detail=detail, at=at)
        if roomier:
            _wake(tenant_id, at=at)
        transaction.on_commit(forget_quotas)
    return quota, is_new


def lift_quota(tenant_id: UUID, place: Place, *, actor: str, at: datetime) -> bool:
    """Take a quota away; whether there was one. What was counted stays, should it come back."""
    with transaction.atomic():
        gone, _ = Quota.objects.filter(tenant_id=tenant_id, **asdict(place)).delete()
        if gone:
            audit(tenant_id, actor=actor, action="quota.lifted", object=str(place), at=at)
            _wake(tenant_id, at=at)
            transaction.on_commit(forget_quotas)
    return bool(gone)


def check_quota(place: Place, *, allowed: int, over: str) -> None:
    """Raises `BadQuota` for what cannot be set."""
    if place.period not in Quota.Period.values:
        raise BadQuota("period", f"no period '{place.period}'; known: {', '.join(Quota.Period.values)}")
    if over not in Quota.Over.values:
        raise BadQuota("over", f"over the quota messages cannot '{over}'; known: {', '.join(Quota.Over.values)}")
    if place.channel and place.channel not in channels:
        raise BadQuota("channel", f"no channel '{place.channel}'; known: {', '.join(channels.keys())}")
    if place.channel and place.account:
        raise BadQuota("account", "an account has one channel already; name the account alone")
    if not 0 <= allowed <= MOST_ALLOWED:
        raise BadQuota("allowed", f"{allowed} messages cannot be allowed; use 0 to {MOST_ALLOWED}")


def _wake(tenant_id: UUID, *, at: datetime) -> None:
    due_at = at + _AFTER_RELOAD
    wanted: dict[str, Any] = {"tenant": tenant_id, "due_at": due_at, "lanes": list(SEND_LANES), "limit": MOST_WOKEN}
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, wanted)
        if cursor.rowcount:
            wake_timekeeper(due_at)
