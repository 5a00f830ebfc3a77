"""BURST: ten times the ordinary load for some seconds, more than can be sent meanwhile, and the way back to calm."""

import time
from collections.abc import Sequence

from config.bench.carillon_site import CONDITIONS, CarillonSite
from config.bench.figures import calm_after, percentile
from config.bench.load import at_moments, flat_out
from config.bench.site import id_of, moments_of
from config.bench.values import CARILLON, Contender, Measure, Turn
from config.bench.workload import Workload, workloads

TIMES = 10
ORDINARY_SHARE = 0.2  # of what is sustained flat out, so that the burst is twice that
BEFORE, AFTER = 0.1, 0.6  # ordinary requests around the burst, as shares of those in it
CALM = 2.0  # times the ordinary p99


@workloads.register
class Burst(Workload):
    key = "BURST"
    title = f"{{size:,}} notifications by HTTP at {TIMES} times the ordinary rate, then the ordinary rate again"
    measures = (
        Measure("ordinary", "ordinary load", "/s"),
        Measure("ordinary_p99", "ordinary p99", "ms"),
        Measure("burst_p99", "p99 in the burst", "ms"),
        Measure("calm", "end of the burst → calm", "s"),
    )
    conditions = (
        *CONDITIONS,
        f"ordinary is {ORDINARY_SHARE} of what was sustained flat out just before; latencies from due to hand-over; "
        f"calm: nothing that comes later waits longer than {CALM:.0f} times the ordinary p99",
    )

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=20_000, quick=1_000)
        self._site = CarillonSite(self.arena, priority="medium")
        return (Contender(CARILLON, self._site.about, size, self._turn),)

    def _turn(self, size: int) -> Turn:
        site, before, after = self._site, max(int(size * BEFORE), 20), max(int(size * AFTER), 20)
        ordinary = self._sustained(max(size // 4, 50)) * ORDINARY_SHARE
        begins = before / ordinary
        ends = begins + size / (TIMES * ordinary)
        due = [number / ordinary for number in range(before)]
        due += [begins + number / (TIMES * ordinary) for number in range(size)]
        due += [ends + number / ordinary for number in range(after)]
        answers = sorted(at_moments(site.port, site.requests(len(due)), due), key=lambda answer: answer.due_at)
        moments = moments_of(site, answers)
        if len(moments) < len(due):
            return Turn(size, {}, (f"{len(moments)} of {len(due)} were handed over",))
        start = answers[0].due_at
        waited = [(one.due_at - start, moments[id_of(one)].timestamp() - one.due_at) for one in answers]
        usual = percentile([seconds for _, seconds in waited[:before]], 0.99)
        calm = calm_after(waited, end=ends, limit=usual * CALM)
        if calm is None:
            return Turn(size, {}, ("it did not become calm while the ordinary load went on",))
        burst = percentile([seconds for _, seconds in waited[before : before + size]], 0.99)
        figures = {"ordinary": ordinary, "ordinary_p99": usual * 1000, "burst_p99": burst * 1000, "calm": calm}
        return Turn(size, figures)

    def _sustained(self, size: int) -> float:
        """What is accepted and sent a second when asked for flat out."""
        began = time.time()
        moments = moments_of(self._site, flat_out(self._site.port, self._site.requests(size)))
        return size / (max(moment.timestamp() for moment in moments.values()) - began)
