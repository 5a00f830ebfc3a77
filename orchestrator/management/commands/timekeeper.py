"""`manage.py timekeeper`: keep time until told to stop (SIGTERM or Ctrl-C)."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from orchestrator.timekeeper import Timekeeper


class Command(BaseCommand):
    help = "Ring the bells of lanes when their work falls due, and recover what dead workers left."

    def handle(self, **_: Any) -> None:
        keeper = Timekeeper()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: keeper.stop())
        keeper.run()
