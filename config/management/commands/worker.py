"""Runs a worker process for one group of lanes: critical, bulk or background."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config.celery import app


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("group", choices=tuple(settings.WORKER_GROUPS), help="which lanes to serve")
        parser.add_argument(
            "--threads", type=int, default=settings.WORKER_THREADS, help="bells answered at the same time"
        )

    def handle(self, *args: Any, group: str, threads: int, **options: Any) -> None:
        app.worker_main(worker_arguments(group, threads=threads))


def worker_arguments(group: str, *, threads: int) -> list[str]:
    """What Celery is told. Workers do not talk to each other: all they share is in the database."""
    queues = ",".join(settings.LANES[lane] for lane in settings.WORKER_GROUPS[group])
    return [
        "--quiet",
        "worker",
        "--pool=threads",
        f"--concurrency={threads}",
        f"--queues={queues}",
        f"--hostname={group}@%h",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
