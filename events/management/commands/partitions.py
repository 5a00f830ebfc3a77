"""`manage.py partitions`: create the months ahead of the big tables; drop those past retention when asked to."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from events import partitions
from kernel.clock import now


class Command(BaseCommand):
    help = "Create monthly partitions ahead of time; with --drop-older-than MONTHS also drop old ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ahead", type=int, default=3, metavar="MONTHS", help="months to create ahead (default 3)")
        parser.add_argument("--behind", type=int, default=1, metavar="MONTHS", help="months created behind (default 1)")
        parser.add_argument("--drop-older-than", type=int, metavar="MONTHS", help="drop months older than this many")
        parser.add_argument("--dry-run", action="store_true", help="say what would be dropped, drop nothing")

    def handle(self, *, ahead: int, behind: int, drop_older_than: int | None, dry_run: bool, **_: Any) -> None:
        at = now()
        for table in partitions.declared():
            with transaction.atomic():
                for name in partitions.create(table, at=at, behind=behind, ahead=ahead):
                    self.stdout.write(f"created {name}")
            if drop_older_than is None:
                continue
            for name in partitions.past_retention(table, at=at, keep_months=drop_older_than):
                if dry_run:
                    self.stdout.write(f"would drop {name}")
                    continue
                with transaction.atomic():
                    dropped = partitions.drop(table, name)
                self.stdout.write(f"dropped {name}" if dropped else f"kept {name}: it still holds open work")
