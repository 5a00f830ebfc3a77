"""The sink as a contender: what it takes when it is all there is, so that its limit is not taken for that of others."""

import time

from config.bench.arena import Arena
from config.bench.processes import Hand
from config.bench.sinks.sink import Sink
from config.bench.values import Turn
from deploy.local.paths import REPO

ENOUGH = 3  # times the fastest contender


class SinkAlone:
    name = "sink alone"
    about = f"whole mails pumped into the sink by one process; it has to take {ENOUGH} times what the fastest sends"

    def __init__(self, arena: Arena, sink: Sink) -> None:
        self._arena, self._sink = arena, sink

    def take(self, size: int) -> Turn:
        """Pump `size` mails; `rate` is taken per second."""
        host, port = self._sink.address
        env = {**self._arena.environ, "PYTHONPATH": str(REPO)}
        task = {"host": host, "port": port, "size": size}
        hand = Hand("config.bench.sinks.pump", task, env=env, logs=self._arena.folder)
        try:
            hand.ready()
            self._sink.took()
            began = time.monotonic()
            hand.go()
            hand.done()
            seconds = time.monotonic() - began
        finally:
            hand.stop()
        taken = len(self._sink.took())
        return Turn(size, {"rate": taken / seconds}, () if taken >= size else (f"took {taken} of {size}",))
