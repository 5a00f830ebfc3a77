"""Look: provider accounts of one owner, how each of them does, and the story of its changes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from channels_app.breaker import breaker
from channels_app.health import health
from channels_app.limits import Room, limits
from channels_app.models import AccountChange, ProviderAccount
from channels_app.rules.breaker import State
from channels_app.rules.health import Health
from channels_app.values import Account


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands at one moment, from what all processes share."""

    breaker: State
    breaker_wait_seconds: float
    health: Health
    room: Room
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_failure_code: str


def accounts_of(tenant_id: UUID) -> QuerySet[ProviderAccount]:
    """A tenant's own accounts, disabled ones too; never the platform's."""
    return ProviderAccount.objects.filter(tenant_id=tenant_id)


def changes_of(row: ProviderAccount) -> QuerySet[AccountChange]:
    return AccountChange.objects.filter(account_id=row.id)


def standing_of(account: Account, *, at: datetime) -> Standing:
    """Costs four short looks into Redis; without it, what this process knows."""
    state = breaker.state(account.key, at=at)
    last = health.last_of(account.key)
    return Standing(
        breaker=state,
        breaker_wait_seconds=breaker.wait_seconds(account.key, at=at),
        health=health.of([account.key], at=at)[account.key],
        room=limits.room_of(account),
        last_success_at=_moment(last.get("succeeded_at")),
        last_failure_at=_moment(last.get("failed_at")),
        last_failure_code=last.get("code", ""),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
