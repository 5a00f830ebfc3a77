"""`manage.py demo`: a short guided tour against the running system."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from config.tour import Tour, TourFailed
from kernel.clock import now
from tenants.models import Tenant
from tenants.scope import platform_scope
from tenants.services import issue_key


class Command(BaseCommand):
    help = "Walk through a send, an outage and a dead letter against the running system."

    def handle(self, **_: Any) -> None:
        at = now()
        with platform_scope():
            tenant = Tenant.objects.filter(key="demo").first()
            if tenant is None:
                raise CommandError("there is no tenant 'demo'; run: manage.py seed")
            key = issue_key(
                tenant.id,
                mode="test",
                scopes=("admin",),
                name="tour",
                expires_at=at + timedelta(hours=1),
                actor="command:demo",
                at=at,
            )
        tour = Tour(settings.PUBLIC_URL, settings.SANDBOX_URL, key.text, Console())
        try:
            tour.walk()
        except (TourFailed, OSError) as trouble:
            raise CommandError(str(trouble)) from trouble
