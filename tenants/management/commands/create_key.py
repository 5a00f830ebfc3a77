"""`manage.py create_key acme --scope send`: issue an API key."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kernel.clock import now
from tenants.rules.key_text import MODES
from tenants.rules.scopes import ALL_SCOPES
from tenants.scope import platform_scope
from tenants.selectors import tenant_by_key
from tenants.services import BadKey, issue_key


class Command(BaseCommand):
    help = "Issue an API key and print it, once: only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="the tenant's key")
        parser.add_argument("--mode", choices=MODES, default="live", help="test keys go to the sandbox (default live)")
        parser.add_argument("--scope", choices=ALL_SCOPES, action="append", required=True, help="may be repeated")
        parser.add_argument("--name", default="", help="what the key is for")
        parser.add_argument("--days", type=int, metavar="N", help="expires after N days (default: never)")

    def handle(self, *, tenant: str, mode: str, scope: list[str], name: str, days: int | None, **_: Any) -> None:
        at = now()
        expires_at = None if days is None else at + timedelta(days=days)
        with platform_scope():
            found = tenant_by_key(tenant)
            if found is None:
                raise CommandError(f"no tenant '{tenant}'; make it with create_tenant")
            try:
                issued = issue_key(
                    found.id,
                    mode=mode,
                    scopes=scope,
                    name=name,
                    expires_at=expires_at,
                    actor="command:create_key",
                    at=at,
                )
            except BadKey as bad:
                raise CommandError(str(bad)) from bad
        self.stdout.write(issued.text)
