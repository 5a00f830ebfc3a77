"""A site that takes single notifications by HTTP and hands them over: what turns have in common, and their proof."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from config.bench.figures import percentile
from config.bench.load import Answered, flat_out, on_schedule
from config.bench.values import Measure, Turn
from config.bench.waiting import wait_for

ACCEPTED = Measure("accepted", "accepted, flat out", "/s")
SUSTAINED = Measure("sustained", "accepted and sent, flat out", "/s")
P50 = Measure("p50", "accept → hand-over p50", "ms")
P95 = Measure("p95", "p95", "ms")
P99 = Measure("p99", "p99", "ms")
LATENCIES = (P50, P95, P99)

LOADED_SHARE = 0.5  # of what it sustains: the load under which latencies are taken
PATIENCE_SECONDS = 30.0  # with the last of them, and as long as a slow build needs for all
SLOWEST = 20.0  # a second: what is slower than that has stopped
LOOK_SECONDS = 0.2  # between two looks at what is still on its way, so that looking costs nothing


class Site(Protocol):
    """Where requests go, and how to ask what became of them."""

    port: int

    def requests(self, size: int) -> Sequence[bytes]:
        """New requests for single notifications."""
        ...

    def handed_over(self, ids: Sequence[str]) -> Mapping[str, datetime]:
        """The moments at which notifications were given to their provider, by id; those that were not are missing."""
        ...


def singles(site: Site, size: int) -> Turn:
    """`size` requests flat out until all are sent, then half as many on a schedule at half that rate."""
    began = time.time()
    first = flat_out(site.port, site.requests(size))
    accepted = size / (time.time() - began)
    moments = moments_of(site, first)
    if len(moments) < size:
        return Turn(size, {}, (f"{len(moments)} of {size} were handed over",))
    sustained = size / (max(moment.timestamp() for moment in moments.values()) - began)
    later = scheduled(site, max(size // 2, 1), per_second=sustained * LOADED_SHARE)
    figures = {"accepted": accepted, "sustained": sustained, **later.figures}
    return Turn(size, figures, later.troubles)


def scheduled(site: Site, size: int, *, per_second: float) -> Turn:
    """`size` requests on a schedule; latencies from the moment each was due to its hand-over."""
    answers = on_schedule(site.port, site.requests(size), per_second=per_second)
    moments = moments_of(site, answers)
    if len(moments) < size:
        return Turn(size, {}, (f"{len(moments)} of {size} were handed over",))
    waited = [(moments[id_of(answer)].timestamp() - answer.due_at) * 1000 for answer in answers]
    shares: Mapping[str, float] = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return Turn(size, {name: percentile(waited, share) for name, share in shares.items()})


def id_of(answer: Answered) -> str:
    """The id of the notification that was accepted."""
    return str(answer.body["id"])


def moments_of(site: Site, answers: Sequence[Answered]) -> Mapping[str, datetime]:
    """Wait until all are handed over; when each was. Those that never were are missing."""
    ids = [id_of(answer) for answer in answers]
    found: dict[str, datetime] = {}

    def all_there() -> bool:
        found.update(site.handed_over([id for id in ids if id not in found]))
        return len(found) == len(ids)

    wait_for(all_there, seconds=PATIENCE_SECONDS + len(ids) / SLOWEST, every=LOOK_SECONDS)
    return found
