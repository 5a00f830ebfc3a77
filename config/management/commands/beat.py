"""Runs beat, which rings for calendar upkeep. One is enough; a second one only rings twice."""

from typing import Any

from django.core.management.base import BaseCommand

from config.celery import app


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        app.start(["--quiet", "beat", "--pidfile="])
