"""What Carillon's own processes counted, read from the folder that they share."""

from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

Buckets = Mapping[float, float]  # observations up to each bound


def buckets(folder: Path, histogram: str) -> Buckets:
    """A histogram as it stands, all its labels and processes together."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    found: dict[float, float] = {}
    for family in registry.collect():
        for sample in family.samples:
            if sample.name == f"{histogram}_bucket":
                bound = float(sample.labels["le"])
                found[bound] = found.get(bound, 0.0) + sample.value
    return found


def bound_of(share: float, *, before: Buckets, after: Buckets) -> float | None:
    """The lowest bound that `share` of the observations since `before` stay within; `None` when there were none."""
    since = {bound: count - before.get(bound, 0.0) for bound, count in sorted(after.items())}
    total = max(since.values(), default=0.0)
    if not total:
        return None
    return next(bound for bound, count in since.items() if count >= share * total)
