"""`manage.py rebuild_rollups`: count the log anew."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from analytics.services import CONSUMER, start_over
from events.consumers import advance, registered
from tenants.scope import platform_scope


class Command(BaseCommand):
    help = "Forget the counts and make them again from the log; older hours than the log has stay."

    def handle(self, **_: Any) -> None:
        with platform_scope():
            forgotten = start_over()
        (reader,) = (reader for reader in registered() if reader.name == CONSUMER)
        lines = 0
        while read := advance(reader):
            lines += read
            if sys.stderr.isatty():
                self.stderr.write(f"\r{lines} lines", ending="")
        if sys.stderr.isatty():
            self.stderr.write("")
        self.stdout.write(f"forgot {forgotten} rows, read {lines} lines")
