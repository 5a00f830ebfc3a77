"""Compare two shares, whenever somebody looks: intervals, and a test that stays true however often it is read. Pure.

An ordinary test may be read once, at a size fixed before. The mixture sequential probability ratio test may be read all
the time: with a normal mixture of variance t² over the true difference, the statistic

    L = sqrt(V / (V + t²)) · exp(t² d² / (2 V (V + t²)))

(d the difference of the shares, V its variance) exceeds 1/alpha with probability at most alpha at any time, if there is
no difference; 1/L is an always valid p-value, and turning it round gives a confidence sequence (R. Johari, P. Koomen,
L. Pekelis, D. Walsh: Always Valid Inference, Operations Research 70 (2022), arXiv:1512.04922, sections 4 and 5). It is
asymptotic in the number of people, so nothing is decided below `LEAST` of them in each arm.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

ALPHA = 0.05
LEAST = 100  # people in each arm before anything is decided
SPREAD = 0.05  # t: differences of about five points are what experiments on messages look for


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    successes: int
    people: int

    @property
    def rate(self) -> float:
        return self.successes / self.people if self.people else 0.0


@dataclass(frozen=True, slots=True)
class Compared:
    """`difference` of the second share to the first, `low` to `high` at all times with probability 1 − alpha."""

    difference: float
    low: float
    high: float
    p_value: float
    decided: bool


def wilson(share: Share, *, alpha: float = ALPHA) -> tuple[float, float]:
    """Between which rates the true one lies, read once (Wilson 1927); (0, 1) while there is nobody."""
    if not share.people:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(1 - alpha / 2)
    n, p = share.people, share.rate
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    margin = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(centre - margin, 0.0), min(centre + margin, 1.0)


def compared(control: Share, other: Share, *, alpha: float = ALPHA) -> Compared:
    """The other share against the control's, valid whenever it is read. Of k comparisons give each alpha/k."""
    if not control.people or not other.people:
        return Compared(0.0, -1.0, 1.0, 1.0, decided=False)
    difference = other.rate - control.rate
    variance, mixed = _variance(control) + _variance(other), SPREAD**2
    together = variance + mixed
    log_ratio = 0.5 * math.log(variance / together) + mixed * difference**2 / (2 * variance * together)
    p_value = min(math.exp(-log_ratio), 1.0)
    margin = math.sqrt(variance * together / mixed * (math.log(together / variance) - 2 * math.log(alpha)))
    enough = min(control.people, other.people) >= LEAST
    return Compared(
        difference,
        max(difference - margin, -1.0),
        min(difference + margin, 1.0),
        p_value,
        decided=enough and p_value <= alpha,
    )


def _variance(share: Share) -> float:
    """Of the rate; two imagined people, one of each kind, keep it from vanishing while all have done the same."""
    rate = (share.successes + 1) / (share.people + 2)
    return rate * (1 - rate) / share.people
