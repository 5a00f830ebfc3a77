"""How many messages a tenant may begin in a day or a month, as the operator set it: pure. Days and months are UTC's.

A message counts when its first call begins; a quota on a provider account counts every call through the account. Tests
never count. What is critical passes, and counts.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from orchestrator.values import CRITICAL, ClaimedDelivery, Move

QUOTA_EXCEEDED = "quota_exceeded"
DAY, MONTH = "day", "month"
WAIT, SKIP = "wait", "skip"
TOLD_PERCENT = (80, 100)  # of a quota: when its use is told


@dataclass(frozen=True, slots=True)
class Quota:
    """What is allowed. `channel` and `account` are empty, or one of them says what alone is counted."""

    tenant_id: UUID
    channel: str
    account: str  # the key of a provider account
    period: str  # day, month
    allowed: int  # messages in a period
    over: str  # wait, skip: what becomes of the others

    def counts(self, delivery: ClaimedDelivery, *, account: str) -> bool:
        """Whether a call that begins for `delivery` through `account` uses up some of it."""
        if delivery.mode != "live" or delivery.tenant_id != self.tenant_id:
            return False
        if self.account:
            return account == self.account
        return delivery.attempts == 0 and self.channel in ("", delivery.channel)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that is to begin, and the quotas it counts for."""

    delivery: ClaimedDelivery
    quotas: tuple[Quota, ...]


def starts_on(period: str, *, at: datetime) -> date:
    """The first day of the period that `at` is in."""
    day = at.astimezone(UTC).date()
    return day if period == DAY else day.replace(day=1)


def ends_at(period: str, *, at: datetime) -> datetime:
    """The moment at which the next period begins."""
    first = starts_on(period, at=at)
    following = first + timedelta(days=1 if period == DAY else 31)
    return datetime.combine(following if period == DAY else following.replace(day=1), time.min, UTC)


def over_quota(wanted: Iterable[Wanted], room: Mapping[Quota, int], *, at: datetime) -> list[Move]:
    """The moves of those there is no room for. The higher ones go first, then those that were made first."""
    left, stays = dict(room), []
    details: dict[tuple[Quota, ...], dict[str, str | int]] = {}  # shared: what is the same is passed on once
    for one in sorted(wanted, key=lambda one: (one.delivery.priority, one.delivery.id)):
        full = tuple(quota for quota in one.quotas if left[quota] <= 0)
        if full and one.delivery.priority != CRITICAL:
            stays.append(_stays(one.delivery, full, details, at=at))
            continue
        for quota in one.quotas:
            left[quota] -= 1
    return stays


def told_at(quota: Quota, *, before: int, used: int) -> list[int]:
    """The percentages that were reached when the use grew from `before` to `used`."""
    marks = {percent: -(-quota.allowed * percent // 100) for percent in TOLD_PERCENT}
    return [percent for percent, mark in marks.items() if before < mark <= used]


def _stays(
    delivery: ClaimedDelivery,
    full: tuple[Quota, ...],
    details: dict[tuple[Quota, ...], dict[str, str | int]],
    *,
    at: datetime,
) -> Move:
    """It waits for the last of the periods, unless it does not live to see it or one of the quotas does not wait."""
    hardest = max(full, key=lambda quota: (quota.over == SKIP, ends_at(quota.period, at=at)))
    until = max(ends_at(quota.period, at=at) for quota in full)
    detail = details.setdefault(full, {**described(hardest), "until": until.isoformat()})
    if hardest.over == SKIP or (delivery.expires_at is not None and delivery.expires_at <= until):
        return Move(delivery, "skipped", reason=QUOTA_EXCEEDED, detail=detail)
    return Move(delivery, "pending", reason=QUOTA_EXCEEDED, due_at=until, wait_reason=QUOTA_EXCEEDED, detail=detail)


def name_of(*, channel: str, account: str, period: str) -> str:
    """What the audit trail calls a quota."""
    return f"quota:{account or channel or 'all'}/{period}"


def described(quota: Quota) -> dict[str, str | int]:
    """A quota as the log tells it."""
    counted = {name: key for name, key in (("only", quota.channel), ("account", quota.account)) if key}
    return {"quota": quota.allowed, "per": quota.period, **counted}


def concerned(quotas: Collection[Quota], delivery: ClaimedDelivery, *, account: str) -> Wanted | None:
    """A call and what it counts for; `None`: for nothing."""
    found = tuple(quota for quota in quotas if quota.counts(delivery, account=account))
    return Wanted(delivery, found) if found else None
