"""`manage.py verify_ledger`: does everything that was accepted have an outcome or wait for one?"""

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand

from kernel.clock import iso, now
from orchestrator.services.ledger import OUTCOMES, HourBalance, balance, first_accepted_at
from orchestrator.services.ledger_checks import Finding, findings, lasting
from tenants.scope import platform_scope

GRACE_SECONDS = 6.0  # what a worker that died has left open is closed within five seconds
TOLD = 5


class Command(BaseCommand):
    help = "Check that nothing accepted is lost, hour by hour, and that the ledger's rows agree; exit 1 if they do not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        span = parser.add_mutually_exclusive_group()
        span.add_argument("--hours", type=int, default=24, metavar="N", help="look N hours back (default 24)")
        span.add_argument("--all", action="store_true", help="look at everything that is kept")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
        parser.add_argument(
            "--grace", type=float, default=GRACE_SECONDS, metavar="SECONDS",
            help="how long what looks wrong may be on its way before it is wrong (default %(default)s)",
        )  # fmt: skip

    def handle(self, *, hours: int, all: bool, json: bool, grace: float, **_: Any) -> None:
        at = now()
        since = (_beginning() or at) if all else at - timedelta(hours=hours)
        hours_found, broken = _look(since, at)
        if broken:
            time.sleep(grace)
            hours_found, again = _look(since, at)
            broken = lasting(broken, again)
        print_it = self._print_json if json else self._print_table
        print_it(hours_found, broken)
        if broken or any(hour.missing for hour in hours_found):
            sys.exit(1)

    def _print_json(self, hours: Sequence[HourBalance], broken: Sequence[Finding]) -> None:
        self.stdout.write(
            json.dumps(
                {
                    "balanced": not any(hour.missing for hour in hours),
                    "missing": sum(hour.missing for hour in hours),
                    "hours": [
                        {"hour": iso(h.hour), "accepted": h.accepted, "pairs": dict(h.pairs), "missing": h.missing}
                        for h in hours
                    ],
                    "findings": [{"check": f.check, "meaning": f.meaning, "ids": list(f.ids)} for f in broken],
                }
            )
        )

    def _print_table(self, hours: Sequence[HourBalance], broken: Sequence[Finding]) -> None:
        shown = [name for name in OUTCOMES if any(hour.pairs.get(name) for hour in hours)]
        rows = [["hour (UTC)", "accepted", *shown, "missing"]]
        rows += [
            [f"{h.hour:%Y-%m-%d %H}:00", str(h.accepted), *(str(h.pairs.get(n, 0)) for n in shown), str(h.missing)]
            for h in hours
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            figures = [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
            self.stdout.write("  ".join([row[0].ljust(widths[0]), *figures]))
        if not hours:
            self.stdout.write("nothing was accepted in this time")
        for finding in broken:
            told = ", ".join(finding.ids[:TOLD]) + (", …" if len(finding.ids) > TOLD else "")
            self.stdout.write(f"{finding.check}: {finding.meaning}: {len(finding.ids)} ({told})")
        missing = sum(hour.missing for hour in hours)
        verdict = (
            "the ledger balances" if not missing and not broken else f"missing {missing}, {len(broken)} checks fail"
        )
        self.stdout.write(self.style.ERROR(verdict) if missing or broken else self.style.SUCCESS(verdict))


def _beginning() -> datetime | None:
    with platform_scope():
        return first_accepted_at()


def _look(since: datetime, until: datetime) -> tuple[list[HourBalance], list[Finding]]:
    with platform_scope():
        return balance(since, until), findings(since, until)
