"""Which of several provider accounts carries a delivery, and in which order the others take over: pure.

Accounts that can send now come before those that cannot, then the preferred ones by priority. Among equals each gets
its part by weight, and a price twice as high halves the part. The same delivery always gets the same order, and an
account that comes or goes moves only the deliveries it takes or leaves (weighted rendezvous hashing).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account as the choice sees it. How well it did lately is in its weight already (`rules/evidence.py`)."""

    key: str
    priority: int = 0  # lower is preferred
    weight: int = 100  # 0 = only when no other one of its priority can
    cost_micros: int = 0  # per unit; 0 = not known
    currency: str = ""
    is_avoided: bool = False  # its breaker is open, or its rate limit is reached: nothing gets through for now


def in_order(candidates: Iterable[Candidate], *, seed: UUID) -> tuple[str, ...]:
    """The keys of the accounts in the order in which a delivery tries them. `seed` is its id."""
    every = tuple(candidates)
    scores = {candidate.key: _score(candidate, every, seed=seed) for candidate in every}
    ordered = sorted(every, key=lambda c: (c.is_avoided, c.priority, -scores[c.key], c.key))
    return tuple(candidate.key for candidate in ordered)


def parts(candidates: Sequence[Candidate]) -> dict[str, float]:
    """The part of the deliveries that each account of one priority gets; together 1, or nothing weighs anything."""
    tilted = {candidate.key: candidate.weight * _tilt(candidate, candidates) for candidate in candidates}
    total = sum(tilted.values())
    return {key: weight / total if total else 0.0 for key, weight in tilted.items()}


def _score(candidate: Candidate, every: Sequence[Candidate], *, seed: UUID) -> float:
    digest = blake2b(candidate.key.encode(), key=seed.bytes, digest_size=8).digest()
    drawn = (int.from_bytes(digest, "big") + 1) / (2**64 + 1)  # evenly between 0 and 1, neither included
    weight = candidate.weight * _tilt(candidate, every)
    return -weight / math.log(drawn) if weight else drawn - 1


def _tilt(candidate: Candidate, every: Sequence[Candidate]) -> float:
    """1 for the cheapest of those whose prices can be compared, and for whom no price is known."""
    if not candidate.cost_micros:
        return 1.0
    prices = [
        other.cost_micros
        for other in every
        if other.cost_micros and other.priority == candidate.priority and other.currency == candidate.currency
    ]
    return min(prices) / candidate.cost_micros
