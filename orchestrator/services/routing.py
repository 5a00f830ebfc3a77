"""Find the provider account for each delivery of a batch: by choice, by what was tried before, by breakers and limits.

An account that lets nothing through is passed over at once while another one can take the delivery. What nobody can
take now waits, uncounted.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from msgspec import Struct
from msgspec.structs import replace

from channels_app.breaker import breaker
from channels_app.contract import Account, Message
from channels_app.limits import Wanted, limits
from channels_app.registry import channels, providers
from channels_app.rules.choice import Candidate, in_order
from kernel.clock import now
from orchestrator.rules.failover import Route, Tried, bound_to, route
from orchestrator.rules.outcomes import Road
from orchestrator.values import CRITICAL, ClaimedDelivery, Move

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

LEAST_WAIT = 0.2  # seconds until what was held back by a limit or a breaker is looked at again, at the least
BREAKER_SPREAD = 0.02  # seconds between those a breaker held back; all of them may go when it closes


class Ready(Struct, frozen=True):
    """A delivery whose message is written; `ways` are the accounts that may carry it."""

    delivery: ClaimedDelivery
    message: Message
    ways: tuple[Account, ...]


class ProviderCall(Struct, frozen=True):
    """A delivery on its way to a provider account."""

    delivery: ClaimedDelivery
    account: Account
    road: Road
    message: Message


class _Searching(Struct, frozen=True):
    """A delivery that has no account yet: which it may still be offered to, best first."""

    ready: Ready
    route: Route
    offers: tuple[str, ...]
    account: Account | None = None


def assign(
    ready: Sequence[Ready], tried: Mapping[UUID, Sequence[Tried]], *, at: datetime
) -> tuple[list[ProviderCall], list[Move]]:
    """The calls that go now, and the moves of all other deliveries."""
    routed, lost = _routed(ready, tried, at=at)
    through, blocked = _past_breakers(routed)
    held = [*lost, *_blocked(blocked, at=at)]
    calls, limited = _within_limits(through, at=at)
    return calls, held + limited


def grouped(items: Iterable[T], *, by: Callable[[T], K]) -> dict[K, list[T]]:
    groups: dict[K, list[T]] = defaultdict(list)
    for item in items:
        groups[by(item)].append(item)
    return groups


def _routed(
    ready: Sequence[Ready], tried: Mapping[UUID, Sequence[Tried]], *, at: datetime
) -> tuple[list[_Searching], list[Move]]:
    moment = now()
    avoided = {way.key for one in ready for way in one.ways if _is_avoided(way.key, at=moment)}
    found: list[_Searching] = []
    lost: list[Move] = []
    for one in ready:
        behind = tried.get(one.delivery.id, ())
        order = in_choice(one.ways, seed=one.delivery.id, avoided=avoided)
        if one.delivery.unknown_policy != "at_least_once":
            order = bound_to(order, behind, windows=_windows(one.ways), at=at)
        if not order:
            state = "dead" if one.delivery.step == one.delivery.last_step else "failed"
            lost.append(Move(one.delivery, state, "unknown_outcome", code="no_safe_account"))
            continue
        each = settings.ORCHESTRATOR.retry_max_attempts
        way = route(order, behind, tries=one.delivery.tries, calls_each=each, avoided=avoided)
        found.append(_Searching(one, way, way.accounts))
    return found, lost


def in_choice(ways: Sequence[Account], *, seed: UUID, avoided: Collection[str] = ()) -> tuple[str, ...]:
    """The keys of accounts in the order in which the delivery `seed` tries them."""
    if len(ways) == 1:
        return (ways[0].key,)
    candidates = [
        Candidate(
            key=way.key,
            priority=way.terms.priority,
            weight=way.terms.weight,
            cost_micros=way.terms.cost_micros,
            currency=way.terms.currency,
            is_avoided=way.key in avoided,
        )
        for way in ways
    ]
    return in_order(candidates, seed=seed)


def _is_avoided(account_key: str, *, at: datetime) -> bool:
    """Whether this process knows that nothing gets through for now. It costs no round trip, and is asked again soon."""
    return limits.is_spent(account_key) or breaker.wait_seconds(account_key, at=at) > 0


def _windows(ways: Iterable[Account]) -> dict[str, timedelta | None]:
    can = {way.key: providers.get(way.provider).capabilities for way in ways}
    return {key: could.idempotency_window for key, could in can.items() if could.idempotency == "key"}


def _past_breakers(searching: Sequence[_Searching]) -> tuple[list[_Searching], list[_Searching]]:
    """Offer each delivery to its accounts in turn, until a breaker lets it through."""
    through: list[_Searching] = []
    blocked: list[_Searching] = []
    while searching:
        left: list[_Searching] = []
        for key, group in grouped(searching, by=lambda one: one.offers[0]).items():
            allowed = breaker.allow(key, len(group), at=now())
            through += [replace(one, account=_account(one.ready, key)) for one in group[:allowed]]
            left += [replace(one, offers=one.offers[1:]) for one in group[allowed:]]
        searching = [one for one in left if one.offers]
        blocked += [one for one in left if not one.offers]
    return through, blocked


def _blocked(blocked: Sequence[_Searching], *, at: datetime) -> list[Move]:
    moment = now()
    moves: list[Move] = []
    for place, one in enumerate(blocked):
        soonest = min(breaker.wait_seconds(key, at=moment) for key in one.route.accounts)
        wait = max(soonest, LEAST_WAIT) + BREAKER_SPREAD * place
        moves.append(_wait(one, "circuit_open", "breaker", seconds=wait, at=at))
    return moves


def _within_limits(through: Sequence[_Searching], *, at: datetime) -> tuple[list[ProviderCall], list[Move]]:
    wanted = [_wanted(one) for one in through]
    calls: list[ProviderCall] = []
    moves: list[Move] = []
    for one, limit in zip(through, limits.admit(wanted) if wanted else (), strict=True):
        if limit is None:
            calls.append(_call(one))
            continue
        seconds = max(limit.wait_seconds, LEAST_WAIT)
        if limit.whose == "account" and len(one.route.accounts) > 1:
            seconds = LEAST_WAIT  # another account may have room, and the next look knows that this one has none
        reason = "frequency_cap" if limit.whose == "people" else "rate_limited"
        moves.append(_wait(one, reason, "rate_limit", seconds=seconds, at=at))
    return calls, moves


def _wanted(one: _Searching) -> Wanted:
    delivery = one.ready.delivery
    assert one.account is not None
    # Whoever was tried before was counted then.
    counts = channels.get(delivery.channel).interrupts and not delivery.attempts
    return Wanted(
        channel=delivery.channel,
        tenant_id=delivery.tenant_id,
        mode=delivery.mode,
        account=one.account,
        recipient_id=delivery.recipient_id if counts else None,
        critical=delivery.priority == CRITICAL,
    )


def _wait(one: _Searching, reason: str, wait_reason: str, *, seconds: float, at: datetime) -> Move:
    due_at, expires_at = at + timedelta(seconds=seconds), one.ready.delivery.expires_at
    due_at = due_at if expires_at is None else min(due_at, expires_at)
    return Move(one.ready.delivery, "pending", reason=reason, due_at=due_at, wait_reason=wait_reason)


def _call(one: _Searching) -> ProviderCall:
    account = one.account
    assert account is not None
    can = providers.get(account.provider).capabilities
    left_here = one.route.budget_here[account.key] - one.ready.delivery.tries
    road = Road(
        budget=one.route.budget,
        calls_here=settings.ORCHESTRATOR.retry_max_attempts - left_here + 1 if left_here > 0 else 0,
        budget_here=one.route.budget_here[account.key],
        honours_key=can.idempotency == "key",
        patient=channels.get(account.channel).patient,
        reports_delivery=can.reports_delivery,
    )
    return ProviderCall(one.ready.delivery, account, road, one.ready.message)


def _account(one: Ready, key: str) -> Account:
    return next(way for way in one.ways if way.key == key)
