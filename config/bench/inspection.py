"""One campaign that `inside` works alone, while the own workers of Carillon are held: what it asks, where it waits."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from config.bench.arena import Arena
from config.bench.campaign import Campaign
from config.bench.processes import Hand

HELD = ("worker-bulk", "timekeeper")  # the timekeeper works lanes itself when nobody answers its bells


def inspected(arena: Arena, size: int, *, profile: bool) -> Mapping[str, Any]:
    """What `inside` says of a campaign to `size` people, and under `troubles` what it did not do."""
    campaign = Campaign(arena, tenant="post")
    campaign.prepare(size)
    hand = Hand("config.bench.inside", {"profile": profile}, env=arena.stack.env, logs=arena.folder)
    try:
        hand.ready()
        with _held(arena):
            id = campaign.accept(size)
            hand.go()
            found: Mapping[str, Any] = hand.done()
            troubles, _ = campaign.proof(id, size)
    finally:
        hand.stop()
    return {**found, "troubles": troubles}


@contextmanager
def _held(arena: Arena) -> Iterator[None]:
    time.sleep(1)  # they finish what they are at: a worker held in the middle of a batch would keep its rows
    processes = [process for name, process in arena.stack.processes.items() if name.startswith(HELD)]
    for process in processes:
        process.hold()
    try:
        yield
    finally:
        for process in processes:
            process.let_go()
