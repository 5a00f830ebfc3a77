"""`manage.py revoke_key Ab12Cd34`: revoke an API key by its public id."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kernel.clock import now
from tenants.models import ApiKey
from tenants.scope import platform_scope
from tenants.services import revoke_key


class Command(BaseCommand):
    help = "Revoke an API key; every process refuses it within a second."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("public_id", help="the eight characters after crl_live_ or crl_test_")

    def handle(self, *, public_id: str, **_: Any) -> None:
        with platform_scope():
            key = ApiKey.objects.filter(public_id=public_id).first()
            if key is None:
                raise CommandError(f"no API key '{public_id}'")
            revoked = revoke_key(key, actor="command:revoke_key", at=now())
        self.stdout.write(f"{key} revoked" if revoked else f"{key} was revoked before")
