"""What evidence does to the weight of an account: failing and slow ones lose part of it and drift back. Pure.

The share of an account follows its health as an exponentially weighted average: each step goes a part of the way to
where the health of the last minutes points, so that one bad minute moves little and five move much. A step is bounded;
small differences move nothing; a rest of the weight always stays, without which nobody would see it recover.
"""

import math
from dataclasses import dataclass

from channels_app.rules.health import Health

LEAST_CALLS = 20  # of the last minutes; fewer prove nothing
GOOD = 0.97  # this rate of success and more costs nothing
HOPELESS = 0.5  # this one and less costs all but the rest
TOLERATED_SLOWNESS = 1.3  # times the fastest account of its kind
SMOOTHING = 0.4  # of the way to the target, each step
LARGEST_STEP = 0.3  # of the weight
SMALLEST_STEP = 0.05  # of the weight; less is noise
DRIFT = 0.1  # of the weight, each step, without evidence
REST = 0.05  # of the weight, kept in any case


@dataclass(frozen=True, slots=True)
class Weighed:
    """An account: what its owner gave it, and what evidence has left of that."""

    key: str
    weight: int
    share: int
    health: Health


@dataclass(frozen=True, slots=True)
class Shift:
    """A share that moves, and why."""

    key: str
    before: int
    after: int
    reason: str


def shifts(accounts: list[Weighed]) -> list[Shift]:
    """The shares that move now, among the accounts that could stand in for each other."""
    known = [a.health.p50_ms for a in accounts if a.health.p50_ms and a.health.calls >= LEAST_CALLS]
    fastest = min(known, default=0)
    found = (_shift(account, fastest=fastest, alone=len(accounts) == 1) for account in accounts)
    return [shift for shift in found if shift is not None]


def _shift(account: Weighed, *, fastest: int, alone: bool) -> Shift | None:
    weight, share = account.weight, account.share
    if alone or account.health.calls < LEAST_CALLS:
        after, why = min(weight, share + max(round(weight * DRIFT), 1)), "no evidence against it: it drifts back"
    else:
        target, why = _target(account, fastest=fastest)
        gap = target - share
        if abs(gap) < weight * SMALLEST_STEP and target != weight:
            return None
        step = max(min(gap * SMOOTHING, weight * LARGEST_STEP), -weight * LARGEST_STEP)
        after = share + (math.ceil(step) if step > 0 else math.floor(step))
    after = max(min(after, weight), min(max(round(weight * REST), 1), weight))
    return None if after == share else Shift(account.key, share, after, why)


def _target(account: Weighed, *, fastest: int) -> tuple[int, str]:
    """Where the health points: a share of the weight, and the words for it."""
    health = account.health
    success = health.success if health.success is not None else 1.0
    reliable = min(max((success - HOPELESS) / (GOOD - HOPELESS), 0.0), 1.0)
    slowness = health.p50_ms / fastest if health.p50_ms and fastest else 1.0
    quick = min(TOLERATED_SLOWNESS / slowness, 1.0)
    if reliable * quick >= 1.0:
        return account.weight, "it does well again"
    said = []
    if reliable < 1.0:
        said.append(f"{success:.0%} of {health.calls} calls succeeded")
    if quick < 1.0:
        said.append(f"half of the calls take {health.p50_ms} ms, {slowness:.1f} times the fastest")
    return round(account.weight * reliable * quick), "; ".join(said)
