"""One campaign that `inside` works alone, while the own workers of Carillon are held: what it asks, where it waits."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from config.bench import letter
from config.bench.arena import Arena
from config.bench.people import list_of
from config.bench.processes import Hand

HELD = ("worker-bulk", "timekeeper")  # the timekeeper works lanes itself when nobody answers its bells


def inspected(arena: Arena, size: int, *, profile: bool) -> Mapping[str, Any]:
    """What `inside` says of a campaign to `size` people."""
    api = arena.stack.api("post")
    segment = list_of(api, f"people-{size}", size=size, describe=letter.person)
    hand = Hand("config.bench.inside", {"profile": profile}, env=arena.stack.env, logs=arena.folder)
    try:
        hand.ready()
        with _held(arena):
            request = {
                "segment": segment,
                "channels": ["email"],
                "content": letter.CONTENT,
                "data": letter.DATA,
                "priority": "medium",
                "idempotency_key": uuid4().hex,
            }
            api("POST", "/notifications", request)
            hand.go()
            found: Mapping[str, Any] = hand.done()
    finally:
        hand.stop()
    return found


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
