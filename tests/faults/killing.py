"""Kills processes at random moments, drawn from a seed."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from tests.stack import Stack

OURS = ("web", "realtime", "worker-critical", "worker-bulk", "worker-background", "timekeeper", "beat")
SHORTEST_SECONDS, LONGEST_SECONDS = 0.2, 0.8


def kill_at_random(
    stack: Stack, *, seed: int, kills: int, enough: Callable[[], bool], programs: Sequence[str] = OURS
) -> Counter[str]:
    """SIGKILL a random process every 0.2 to 0.8 s, at least `kills` times and until it is `enough`; who was hit.

    Every process of a program may be hit, its leader or one that it started. One that waits for its restart is passed
    over, and another is drawn.
    """
    chance, hits = Random(seed), Counter[str]()
    while hits.total() < kills or not enough():
        assert hits.total() < 10 * kills, "too little work was done between the kills"
        time.sleep(chance.uniform(SHORTEST_SECONDS, LONGEST_SECONDS))
        name = chance.choice(programs)
        members = sorted(stack.members(name))
        if members and stack.kill(name, pid=chance.choice(members)):
            hits[name] += 1
    return hits
