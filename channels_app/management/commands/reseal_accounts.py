"""Seal the secrets of provider accounts with the current key, so that former values of SECRET_KEY can be dropped."""

from typing import Any

from django.core.management.base import BaseCommand

from channels_app.services import reseal
from tenants.scope import platform_scope


class Command(BaseCommand):
    """`manage.py reseal_accounts`"""

    help = "Seal the secrets of provider accounts with the current SECRET_KEY; run it before dropping a fallback."

    def handle(self, *args: Any, **options: Any) -> None:
        with platform_scope():
            sealed, unreadable = reseal()
        self.stdout.write(f"{sealed} sealed anew, {unreadable} unreadable")
