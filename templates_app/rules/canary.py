"""A new version for some first: who gets it, and whether what happens to them says go on, stop or wait.

Everybody's place is a hash, so among people to whom something bad happens the share that got the new words is, as long
as the words are not to blame, the canary's share of people: each of them is a coin with a known bias, whatever the hour
or the mailing. That is tested after every look, as often as one likes: the likelihood ratio against that coin, mixed
over how much worse the new words may be, is a martingale that starts at 1, so it ever reaches 1/α with probability α at
most (Ville 1939). Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022; Johari et al.,
"Always Valid Inference", Operations Research 70(3), 2022; both read 2026-11.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from math import exp, log
from typing import Literal
from uuid import UUID

# What may come of a message, worst first. Each is tested by itself at α divided by their number.
HARMS = ("render_error", "refused", "bounced", "complained", "unsubscribed")
RATIOS = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)  # how many times as often; all weigh the same
_PLACES = 1 << 64
_MOST_EXPONENT = 600.0  # exp beyond it has no number

State = Literal["running", "promoted", "rolled_back", "aborted"]
RUNNING: State = "running"
# From where to where; what has ended stays so.
MOVES: Mapping[State, frozenset[State]] = {
    "running": frozenset({"promoted", "rolled_back", "aborted"}),
    "promoted": frozenset(),
    "rolled_back": frozenset(),
    "aborted": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """When a canary ends by itself. `alpha`: how often a version that is no worse may be stopped all the same."""

    alpha: float = 0.01
    min_minutes: int = 60
    min_deliveries: int = 500  # begun with the new words
    promote: bool = True  # by itself when nothing speaks against it; else a person does


@dataclass(frozen=True, slots=True)
class Tally:
    """People one kind of harm came to while the canary's share was `percent`: with the new words and with the old."""

    harm: str
    percent: int
    canary: int
    control: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done now. `harm` and `evidence` tell why: how many times likelier worse words made the figures."""

    ends: State | None
    harm: str = ""
    evidence: float = 0.0


def gets_canary(template_id: UUID, version_id: UUID, recipient_id: UUID, *, percent: int) -> bool:
    """Whether somebody is among the first. Who is stays so when `percent` grows."""
    digest = blake2b(template_id.bytes + version_id.bytes + recipient_id.bytes, digest_size=8).digest()
    return int.from_bytes(digest, "big") * 100 < percent * _PLACES


def evidence(tallies: Iterable[Tally]) -> dict[str, float]:
    """How many times likelier each harm's figures are with worse words than with words that are no worse."""
    logs: dict[str, list[float]] = {}
    for tally in tallies:
        so_far = logs.setdefault(tally.harm, [0.0] * len(RATIOS))
        for number, ratio in enumerate(RATIOS):
            so_far[number] += _log_ratio(tally, ratio)
    return {harm: sum(exp(min(one, _MOST_EXPONENT)) for one in found) / len(RATIOS) for harm, found in logs.items()}


def judge(
    tallies: Iterable[Tally], *, terms: Terms, deliveries: int, started_at: datetime, held_back: bool, at: datetime
) -> Verdict:
    """`deliveries` were begun with the new words. `held_back`: somebody or something has quarantined them."""
    found = evidence(tallies)
    worst = max(found, key=lambda harm: found[harm], default="")
    weight = found.get(worst, 0.0)
    if held_back:
        return Verdict("rolled_back", "quarantined", weight)
    if weight >= len(HARMS) / terms.alpha:
        return Verdict("rolled_back", worst, weight)
    enough = deliveries >= terms.min_deliveries and at - started_at >= timedelta(minutes=terms.min_minutes)
    return Verdict("promoted" if enough and terms.promote else None, worst, weight)


def _log_ratio(tally: Tally, ratio: float) -> float:
    """Of one person with the new words: ratio / (1 - p + ratio p); with the old ones: 1 / (1 - p + ratio p)."""
    share = tally.percent / 100
    return tally.canary * log(ratio) - (tally.canary + tally.control) * log(1 - share + ratio * share)
