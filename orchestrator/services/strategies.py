"""Keep how a tenant configured its strategies. A change is seen by every process within `RELOAD_SECONDS`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from kernel.ids import uuid7
from notifications.models import Notification, NotificationType
from orchestrator.models import Strategy
from orchestrator.rules.strategy import strategies
from orchestrator.selectors import forget_strategies
from tenants.services import audit

BUILT_IN = ("immediate", "sequential", "sequential-email-first", "priority_based", "smart")


class StrategyInUse(Exception):
    """A strategy that somebody still asks for would be gone; the message says who does."""


@dataclass(frozen=True, slots=True)
class Configured:
    """A strategy as a tenant wants it. `kind` is the key of a registered strategy, `configuration` what it checked."""

    key: str
    name: str
    kind: str
    configuration: Mapping[str, Any]
    active: bool = True


def seed(tenant_id: UUID) -> int:
    """Give a tenant the built-in strategies as rows of its own, to change; returns how many were missing."""
    missing = set(BUILT_IN) - set(Strategy.objects.filter(tenant_id=tenant_id).values_list("key", flat=True))
    built_in = [strategies.get(key) for key in BUILT_IN if key in missing]
    rows = [
        Strategy(tenant_id=tenant_id, key=s.key, name=s.title, kind=s.key, configuration=dict(s.defaults))
        for s in built_in
    ]
    Strategy.objects.bulk_create(rows, ignore_conflicts=True)
    transaction.on_commit(forget_strategies)
    return len(rows)


def save(configured: Configured, *, tenant_id: UUID, actor: str, at: datetime) -> tuple[Strategy, bool]:
    """Create or change a strategy; returns it and whether it is new. Its version grows when something changed.

    Raises `StrategyInUse` when it is switched off while something asks for it.
    """
    with transaction.atomic():
        if not configured.active:
            _refuse_if_used(configured.key, tenant_id=tenant_id)
        with connection.cursor() as cursor:
            cursor.execute(
                _SAVE,
                {
                    "id": uuid7(at),
                    "tenant": tenant_id,
                    "key": configured.key,
                    "name": configured.name,
                    "kind": configured.kind,
                    "configuration": json.dumps(dict(configured.configuration)),
                    "active": configured.active,
                    "at": at,
                },
            )
            changed = cursor.fetchone()
        row = Strategy.objects.get(tenant_id=tenant_id, key=configured.key)
        if changed is not None:
            detail = {"version": row.version, "kind": row.kind, "active": row.active}
            audit(tenant_id, actor=actor, action="strategy.saved", object=f"strategy:{row.key}", detail=detail, at=at)
        transaction.on_commit(forget_strategies)
    return row, changed is not None and row.version == 1


def delete(key: str, *, tenant_id: UUID, actor: str, at: datetime) -> bool:
    """Delete a tenant's strategy; `False` when there was none. The built-in one of the same key counts again.

    Raises `StrategyInUse` when nothing of that key would be left for those who ask for it.
    """
    with transaction.atomic():
        rows = Strategy.objects.filter(tenant_id=tenant_id, key=key).select_for_update()
        if not rows:
            return False
        _refuse_if_used(key, tenant_id=tenant_id)
        rows.delete()
        audit(tenant_id, actor=actor, action="strategy.deleted", object=f"strategy:{key}", at=at)
        transaction.on_commit(forget_strategies)
    return True


_SAVE = """
INSERT INTO orchestrator_strategy AS kept
  (id, tenant_id, key, name, kind, configuration, version, active, created_at, updated_at)
VALUES (%(id)s, %(tenant)s, %(key)s, %(name)s, %(kind)s, %(configuration)s, 1, %(active)s, %(at)s, %(at)s)
ON CONFLICT (tenant_id, key) DO UPDATE SET name = excluded.name, kind = excluded.kind,
  configuration = excluded.configuration, active = excluded.active, version = kept.version + 1,
  updated_at = excluded.updated_at
WHERE (kept.name, kept.kind, kept.configuration, kept.active)
  IS DISTINCT FROM (excluded.name, excluded.kind, excluded.configuration, excluded.active)
RETURNING version
"""


def _refuse_if_used(key: str, *, tenant_id: UUID) -> None:
    if key in strategies:
        return
    types = NotificationType.objects.filter(tenant_id=tenant_id, strategy=key).order_by("key")
    if named := list(types.values_list("key", flat=True)[:5]):
        raise StrategyInUse(f"'{key}' is the strategy of the types {', '.join(named)}; give them another one first")
    if Notification.objects.filter(tenant_id=tenant_id, due_at__isnull=False, strategy=key).exists():
        raise StrategyInUse(f"accepted notifications that ask for '{key}' are not planned yet; wait or cancel them")
