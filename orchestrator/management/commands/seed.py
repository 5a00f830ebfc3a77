"""`manage.py seed`: the platform's words, and a tenant to begin with: keys, strategies, types, its look. Idempotent."""

import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from kernel.clock import now
from notifications.models import NotificationType, Priority
from orchestrator.services.strategies import seed as seed_strategies
from templates_app.models import TemplateSettings
from templates_app.starter.loading import load_starter_set
from tenants.keys import authenticate
from tenants.models import Tenant
from tenants.scope import platform_scope
from tenants.services import create_tenant, issue_key

ACTOR = "command:seed"
TYPES = (
    ("order_confirmation", "Order confirmation", "transactional", Priority.HIGH, "order_confirmation"),
    ("payment_received", "Payment received", "transactional", Priority.HIGH, "payment_received"),
    ("payout", "Payout", "transactional", Priority.HIGH, "payout"),
    ("security_alert", "Security alert", "security", Priority.CRITICAL, "account_security"),
    ("stock_alert", "Stock alert", "transactional", Priority.MEDIUM, "stock_alert"),
    ("flash_sale_reminder", "Flash-sale reminder", "marketing", Priority.LOW, "flash_sale"),
    ("digest", "Digest", "transactional", Priority.LOW, "digest"),
    ("welcome", "Welcome", "transactional", Priority.MEDIUM, "welcome"),
)
BRAND = {
    "name": "Harbour Teas",
    "postal_address": "12 Quay Street, Galway, Ireland",
    "support_email": "hello@shop.example",
}


class Command(BaseCommand):
    help = "Load the starter templates and create the first tenant with all it needs; does nothing twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", default="demo", help="key of the tenant (default: demo)")
        parser.add_argument(
            "--keys-file", type=Path, help="where the API keys are kept; made anew when they are not valid"
        )

    def handle(self, *, tenant: str, keys_file: Path | None, **_: Any) -> None:
        at = now()
        with platform_scope():
            owner = Tenant.objects.filter(key=tenant).first() or create_tenant(
                tenant, name=tenant.capitalize(), actor=ACTOR, at=at
            )
            seed_strategies(owner.id)
            load_starter_set(at=at)
            TemplateSettings.objects.get_or_create(tenant_id=owner.id, defaults={"brand": BRAND, "updated_at": at})
            for key, name, category, priority, template in TYPES:
                defaults = {"name": name, "category": category, "priority": priority, "template": template}
                NotificationType.objects.get_or_create(tenant_id=owner.id, key=key, defaults=defaults)
            keys = _valid_keys(keys_file, owner, at) or _new_keys(owner, at)
        if keys_file is not None:
            _write_private(keys_file, json.dumps(keys))
        else:
            self.stdout.write(json.dumps(keys))


def _valid_keys(keys_file: Path | None, owner: Tenant, at: datetime) -> dict[str, str] | None:
    if keys_file is None or not keys_file.exists():
        return None
    try:
        keys = json.loads(keys_file.read_text())
        callers = [authenticate(keys[name], at=at) for name in ("live_key", "test_key")]
    except (ValueError, KeyError, TypeError):
        return None
    return keys if all(caller and caller.tenant_id == owner.id for caller in callers) else None


def _new_keys(owner: Tenant, at: datetime) -> dict[str, str]:
    keys = {
        f"{mode}_key": issue_key(owner.id, mode=mode, scopes=("admin",), name="seeded", actor=ACTOR, at=at).text
        for mode in ("live", "test")
    }
    return {"tenant": owner.key, **keys}


def _write_private(path: Path, text: str) -> None:
    """Write for the owner's eyes only, at once or not at all."""
    partial = path.with_suffix(".new")
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.replace(path)
