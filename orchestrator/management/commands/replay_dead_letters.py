"""`manage.py replay_dead_letters --tenant acme`: try dead letters again, no faster than asked."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kernel.clock import iso, now
from orchestrator.services.dead_letters import Narrowing
from orchestrator.services.replays import DEFAULT_RATE, MAX_RATE, Matching, rehearse, replay
from tenants.scope import platform_scope
from tenants.selectors import tenant_by_key

ACTOR = "command:replay_dead_letters"


def _rate(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_RATE:
        raise ArgumentTypeError(f"'{text}' is no rate; give a whole number from 1 to {MAX_RATE}")
    return int(text)


class Command(BaseCommand):
    help = "Replay a tenant's open dead letters at a limited rate. Running it twice replays nothing twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's key")
        parser.add_argument("--reason", default="", help="only those that died of it, e.g. attempts_exhausted")
        parser.add_argument("--channel", default="", help="only those of this channel")
        parser.add_argument("--tag", default="", help="only those with this tag")
        parser.add_argument(
            "--rate", type=_rate, default=DEFAULT_RATE, metavar="N", help=f"per second (default {DEFAULT_RATE})"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be replayed, replay nothing")

    def handle(self, *, tenant: str, reason: str, channel: str, tag: str, rate: int, dry_run: bool, **_: Any) -> None:
        at = now()
        with platform_scope():
            owner = tenant_by_key(tenant)
            if owner is None:
                raise CommandError(f"no tenant '{tenant}'; make it with create_tenant")
            selection = Matching(Narrowing(reason=reason, channel=channel, tag=tag))
            found = rehearse(selection, tenant_id=owner.id, rate_per_second=rate, at=at)
        if dry_run:
            until = f", the last due at {iso(found.last_due_at)}" if found.last_due_at else ""
            self.stdout.write(f"would replay {found.matched} at {rate} per second{until}")
            return
        total, last = 0, None
        while True:
            with platform_scope():
                done = replay(selection, tenant_id=owner.id, rate_per_second=rate, actor=ACTOR, at=at, after=total)
            if not done.replayed:
                break
            total, last = total + done.replayed, done.last_due_at
            if sys.stderr.isatty():
                self.stderr.write(f"\r{total} of {found.matched}", ending="")
        if sys.stderr.isatty():
            self.stderr.write("")
        self.stdout.write(f"replayed {total} at {rate} per second" + (f", the last due at {iso(last)}" if last else ""))
