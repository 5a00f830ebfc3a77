"""`manage.py prepare`: everything the database needs before the processes start, in one go. Doing it again is quick."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from config.start import refuse_what_cannot_work


class Command(BaseCommand):
    requires_system_checks: tuple[str, ...] = ()  # `refuse_what_cannot_work` says the same in one line each
    help = "Migrate, create the partitions of the months ahead, and seed the first tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--keys-file", type=Path, help="where the first tenant's API keys are kept")

    def handle(self, *, keys_file: Path | None, **_: Any) -> None:
        refuse_what_cannot_work()
        call_command("migrate", interactive=False, stdout=self.stdout)
        call_command("partitions", stdout=self.stdout)
        call_command("seed", keys_file=keys_file, stdout=self.stdout)
