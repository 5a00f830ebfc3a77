"""Who gets which arm of an experiment: a pure function of its salt and the tenant's id of the recipient, so that it is
the same for every message, for somebody who is deleted and comes back, and in a preview of somebody not known yet.

Weighted rendezvous hashing (Thaler and Ravishankar 1998; the weights as in Schindelhauer and Schomaker 2005): each arm
draws a number from (salt, recipient, arm) and the best one wins. Shares converge to the weights; more weight for an arm
takes nobody out of it; and an arm that is added or removed moves only those whom it wins or loses. The holdout is drawn
apart, so that a larger one keeps everybody who was in it.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from orchestrator.rules.faults import Fault, name_faults, number_faults

HOLDOUT = "holdout"  # the arm of those who get nothing
MOST_ARMS = 10
MOST_WEIGHT = 10_000
MOST_HOLDOUT = 90.0
_ARM = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of doing it. Without a strategy or a template of its own it does as it would be done without it."""

    key: str
    weight: int = 1
    strategy: str = ""
    template: str = ""  # key, key@7


def assigned(recipient: str, *, salt: str, arms: Sequence[Arm], holdout_percent: float = 0) -> str:
    """The key of the arm of a recipient, or `HOLDOUT`."""
    if holdout_percent and 100 * _drawn(salt, recipient, "") < holdout_percent:
        return HOLDOUT
    return max(arms, key=lambda arm: (_score(salt, recipient, arm), arm.key)).key


def arms_in(stored: Sequence[Mapping[str, Any]]) -> tuple[Arm, ...]:
    """The arms that a stored document holds."""
    return tuple(
        Arm(one["key"], one.get("weight", 1), one.get("strategy") or "", one.get("template") or "") for one in stored
    )


def concerns(types: Collection[str], type: str) -> bool:
    """Whether an experiment on these types is about a message of `type`; on none in particular, about every one."""
    return not types or type in types


def overlap(types: Collection[str], others: Collection[str]) -> bool:
    """Whether two experiments would both be about some message: neither could tell what its own arms did."""
    return not types or not others or bool(set(types) & set(others))


def arm_faults(arms: Sequence[Any], *, strategies: Collection[str]) -> Iterator[Fault]:
    """Everything that is wrong with the arms of an experiment as they were written, below `/arms`."""
    if not 1 <= len(arms) <= MOST_ARMS:
        yield Fault("/arms", "out_of_range", f"{len(arms)} arms; give 1 to {MOST_ARMS}, the control first")
    seen: set[str] = set()
    for number, arm in enumerate(arms):
        below = f"/arms/{number}"
        if not isinstance(arm, Mapping):
            yield Fault(below, "bad_arm", f"{arm!r:.80} is no arm; give an object with a key")
            continue
        yield from name_faults(arm, known=("key", "weight", "strategy", "template"), below=below)
        yield from number_faults(arm, "weight", least=1, most=MOST_WEIGHT, default=1, below=below)
        key, strategy = arm.get("key"), arm.get("strategy") or ""
        if not isinstance(key, str) or not _ARM.fullmatch(key) or key == HOLDOUT:
            yield Fault(f"{below}/key", "bad_key", f"{key!r:.80} is no key; use a-z, 0-9, '.', '_', '-', not 'holdout'")
        elif key in seen:
            yield Fault(f"{below}/key", "duplicate", f"two arms are called '{key}'; give each a name of its own")
        else:
            seen.add(key)
        if strategy and strategy not in strategies:
            known = ", ".join(sorted(strategies))
            yield Fault(f"{below}/strategy", "unknown_strategy", f"no strategy {strategy!r:.80}; known: {known}")


def _score(salt: str, recipient: str, arm: Arm) -> float:
    return -arm.weight / math.log(_drawn(salt, recipient, arm.key))


def _drawn(salt: str, recipient: str, name: str) -> float:
    """A number between 0 and 1, neither of them, evenly spread over recipients."""
    digest = sha256(b"\0".join((salt.encode(), recipient.encode(), name.encode()))).digest()
    return ((int.from_bytes(digest[:8], "big") >> 11) + 0.5) / (1 << 53)
