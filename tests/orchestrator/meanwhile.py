"""Two transactions at once, always in the same order: the second begins while the first has not committed."""

import threading
import time
from collections.abc import Callable

from django.db import connection, transaction

LONGEST_SECONDS = 10.0


def meanwhile(first: Callable[[], object], second: Callable[[], object]) -> None:
    """Do `first` in a transaction, and commit it when `second`, in a thread of its own, waits for it or has ended."""
    ended = threading.Event()
    troubles: list[BaseException] = []

    def run() -> None:
        try:
            second()
        except BaseException as trouble:  # noqa: BLE001 - whatever it is, the test fails of it
            troubles.append(trouble)
        finally:
            connection.close()
            ended.set()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        first()
        thread.start()
        until = time.monotonic() + LONGEST_SECONDS
        while not ended.wait(0.01) and not _somebody_waits():
            assert time.monotonic() < until, "the second neither waits nor ends"
    thread.join()
    assert troubles == []


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])
