"""`manage.py create_tenant acme --name "Acme Inc."`: make a tenant."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kernel.clock import now
from tenants.services import BadTenant, create_tenant


class Command(BaseCommand):
    help = "Make a tenant and print its id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="short name: a-z, 0-9 and -")
        parser.add_argument("--name", default="", help="as people say it (default: the key)")
        parser.add_argument("--timezone", default="UTC", help="IANA name (default UTC)")

    def handle(self, *, key: str, name: str, timezone: str, **_: Any) -> None:
        try:
            tenant = create_tenant(key, name=name, timezone=timezone, actor="command:create_tenant", at=now())
        except BadTenant as bad:
            raise CommandError(str(bad)) from bad
        self.stdout.write(str(tenant.id))
