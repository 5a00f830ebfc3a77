"""Two sides that begin at the same moment, again and again."""

import threading
import time
from collections.abc import Callable, Sequence

from django.db import connection

from orchestrator.values import ClaimedDelivery

Work = Callable[[ClaimedDelivery], None]
LATE_SECONDS = 0.002


def race(deliveries: Sequence[ClaimedDelivery], one: Work, other: Work, *, before_other: Work | None = None) -> None:
    """Let both work on one delivery after the other, each with a thread and a connection of its own.

    `before_other` is what the other side gets ready before each start. One side or the other starts a moment late by
    turns, or the quicker one would always win. Fails when either side went wrong.
    """
    start = threading.Barrier(2)
    troubles: list[Exception] = []

    def racing(work: Work, *, side: int, before: Work | None = None) -> threading.Thread:
        def run() -> None:
            try:
                for number, delivery in enumerate(deliveries):
                    if before:
                        before(delivery)
                    start.wait(30)
                    if number % 2 == side:
                        time.sleep(number // 2 % 4 * LATE_SECONDS)
                    work(delivery)
            except Exception as trouble:  # noqa: BLE001 - told by the test
                troubles.append(trouble)
                start.abort()
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    for thread in (racing(one, side=0), racing(other, side=1, before=before_other)):
        thread.join()
    assert troubles == []
