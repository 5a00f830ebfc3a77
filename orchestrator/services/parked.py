"""Receipts may come before we have committed that the provider accepted: they are parked, and heard after it."""

import logging
from collections.abc import Collection

from django.db import DatabaseError, InterfaceError, transaction

from channels_app.hooks.reports import wake_parked
from events.bells import ring

RECEIPTS_LANE = "receipts"

log = logging.getLogger(__name__)


def expect(message_ids: Collection[str]) -> None:
    """Once the current transaction is committed, let receipts of these messages be looked at again."""

    def look_again() -> None:
        try:
            if wake_parked(message_ids):
                ring((RECEIPTS_LANE,))
        except (DatabaseError, InterfaceError) as trouble:
            # What is sent is written; the parked ones are due by themselves before long.
            log.warning("receipts.not_woken", extra={"trouble": type(trouble).__name__})

    if message_ids:
        transaction.on_commit(look_again)
