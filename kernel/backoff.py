"""How long to wait before trying again: exponential, full jitter, capped (DESIGN 4.5)."""

import random
from datetime import timedelta

INITIAL_SECONDS = 1.0
CAP_SECONDS = 60.0
PATIENT_CAP_SECONDS = 4 * 3600.0


def full_jitter(attempt: int, *, seed: object, cap_seconds: float = CAP_SECONDS) -> timedelta:
    """The wait after the `attempt`-th failure (1, 2, ...): uniform between 0 and min(cap, 1 s × 2^(attempt-1)).

    The same seed gives the same wait, so a decision can be repeated.
    """
    ceiling = min(cap_seconds, INITIAL_SECONDS * 2.0 ** min(attempt - 1, 40))
    return timedelta(seconds=random.Random(f"{seed}:{attempt}").uniform(0, ceiling))  # noqa: S311 - not a secret
