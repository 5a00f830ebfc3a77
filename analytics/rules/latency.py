"""How long it took, as a histogram that can be added up: buckets that double in width with every second one. Pure.

A quantile is told to within its bucket, so it is at most 1.42 times too long or too short, and usually far less:
inside a bucket it is interpolated.
"""

import math
from collections.abc import Mapping

# Bucket n holds what took at least BOUNDS[n - 1] and less than BOUNDS[n] milliseconds; the last one is open (25 days).
BOUNDS = tuple(sorted({round(2 ** (half / 2)) for half in range(63)}))


def quantile_ms(counts: Mapping[int, int], q: float) -> float | None:
    """What a share `q` (0 to 1) of those counted by bucket did not exceed; `None` when there are none."""
    total = sum(counts.values())
    if total <= 0:
        return None
    rank, below = q * total, 0
    for bucket in sorted(counts):
        if below + counts[bucket] >= rank:
            return _inside(bucket, (rank - below) / counts[bucket])
        below += counts[bucket]
    return _inside(max(counts), 1.0)


def _inside(bucket: int, share: float) -> float:
    """The place at `share` of the way through a bucket; evenly by ratio, as the bounds are."""
    if bucket == 0:
        return share * BOUNDS[0]
    if bucket == len(BOUNDS):
        return float(BOUNDS[-1])
    low, high = BOUNDS[bucket - 1], BOUNDS[bucket]
    return low * math.pow(high / low, share)
