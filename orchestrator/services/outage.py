"""Write what must not be forgotten, also when the database is out at that moment."""

import logging
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection

from kernel.clock import monotonic

PATIENCE_SECONDS = 300.0  # beyond it the lease has long run out, and recovery has called the answers lost
PAUSE_SECONDS = 0.2

log = logging.getLogger(__name__)


def outlast(write: Callable[[], None]) -> None:
    """Run `write`, and again while the database is out or in a deadlock; in the end raise what it raised.

    It has to be one transaction and may run twice: a commit whose answer was lost may have succeeded.
    """
    until = monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as trouble:
            if monotonic() > until:
                raise
            log.warning("write.database_out", extra={"trouble": type(trouble).__name__})
            connection.close()
            time.sleep(PAUSE_SECONDS)
