"""`manage.py replay_decisions`: take stored decisions again and see that they come out the same."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kernel.clock import now
from kernel.ids import lowest
from orchestrator.models import Decision
from orchestrator.services.decisions import Replayed, replayed
from tenants.scope import platform_scope

BATCH = 50  # records read at a time, of up to 500 recipients each
MOST_SHOWN = 20


class Command(BaseCommand):
    help = "Take stored decisions again; exit 1 when one comes out differently under the same rules."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=31, help="how far to go back (31)")
        parser.add_argument("--notification", type=UUID, help="only this one")

    def handle(self, *, days: int, notification: UUID | None, **_: Any) -> None:
        """Raises `CommandError` when decisions disagree; tells the first of them."""
        same = other_rules = 0
        different: list[Replayed] = []
        last = lowest(now() - timedelta(days=days))
        while True:
            with platform_scope():
                rows = Decision.objects.filter(id__gt=last).order_by("id")
                batch = list((rows.filter(notification_id=notification) if notification else rows)[:BATCH])
                found = list(replayed(batch))
            if not batch:
                break
            last = batch[-1].id
            same += sum(one.recipients for one in found if one.agrees)
            other_rules += sum(one.recipients for one in found if one.agrees is None)
            different += [one for one in found if one.agrees is False]
        for one in different[:MOST_SHOWN]:
            self.stderr.write(f"different: notification {one.notification_id}, {one.recipients} recipients ({one.id})")
        if different:
            total = sum(one.recipients for one in different)
            raise CommandError(
                f"{total:,} decisions come out differently, {same:,} the same; the rules or the facts changed"
            )
        more = f", {other_rules:,} were taken by older rules and not compared" if other_rules else ""
        self.stdout.write(f"{same:,} decisions, all the same when taken again{more}")
