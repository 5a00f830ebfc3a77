"""Keep how a tenant configured its strategies, every version of it. A change is seen within `RELOAD_SECONDS`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from kernel.ids import uuid7
from notifications.models import Notification, NotificationType
from orchestrator.models import Experiment, Strategy, StrategyDefault, StrategyVersion
from orchestrator.rules.experiments import arms_in
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
    with transaction.atomic(), connection.cursor() as cursor:
        for one in built_in:
            configured = Configured(one.key, one.title, one.key, one.defaults)
            cursor.execute(_SEED, _parameters(configured, tenant_id=tenant_id, actor="seed"))
        transaction.on_commit(forget_strategies)
    return len(built_in)


def save(configured: Configured, *, tenant_id: UUID, actor: str, at: datetime) -> tuple[Strategy, bool]:
    """Create or change a strategy; returns it and whether it is new. Its version grows when something changed, and the
    version is kept for good.

    Raises `StrategyInUse` when it is switched off while something asks for it.
    """
    with transaction.atomic():
        if not configured.active:
            _refuse_if_used(configured.key, tenant_id=tenant_id)
        with connection.cursor() as cursor:
            cursor.execute(_SAVE, {**_parameters(configured, tenant_id=tenant_id, actor=actor), "at": at})
            changed = cursor.fetchone()
        row = Strategy.objects.get(tenant_id=tenant_id, key=configured.key)
        if changed is not None:
            detail = {"version": row.version, "kind": row.kind, "active": row.active}
            audit(tenant_id, actor=actor, action="strategy.saved", object=f"strategy:{row.key}", detail=detail, at=at)
        transaction.on_commit(forget_strategies)
    return row, changed is not None and bool(changed[0])


def roll_back(key: str, *, version: int, tenant_id: UUID, actor: str, at: datetime) -> Strategy | None:
    """Let a strategy be again as it was at `version`, as a new version; `None` when it never had that one.

    One that was deleted comes back. Raises `BadConfiguration` when what was kept then will not do any more, and
    `StrategyInUse` as `save` does.
    """
    kept = StrategyVersion.objects.filter(tenant_id=tenant_id, key=key, version=version).first()
    if kept is None or kept.kind not in strategies:
        return None
    strategies.get(kept.kind).check(kept.configuration)
    configured = Configured(key, kept.name, kept.kind, kept.configuration, active=kept.active)
    with transaction.atomic():
        row, _ = save(configured, tenant_id=tenant_id, actor=actor, at=at)
        detail = {"to": version, "version": row.version}
        audit(tenant_id, actor=actor, action="strategy.rolled_back", object=f"strategy:{key}", detail=detail, at=at)
    return row


def set_default(strategy: str, *, tenant_id: UUID, actor: str, at: datetime) -> None:
    """Let `strategy` be that of messages that name none and whose type names none; empty: the one of the settings."""
    with transaction.atomic():
        if strategy:
            told = {"strategy": strategy, "updated_at": at}
            StrategyDefault.objects.update_or_create(tenant_id=tenant_id, defaults=told)
        else:
            StrategyDefault.objects.filter(tenant_id=tenant_id).delete()
        detail = {"strategy": strategy}
        audit(tenant_id, actor=actor, action="strategy.default_set", object="strategy:default", detail=detail, at=at)
        transaction.on_commit(forget_strategies)


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


# Numbers of versions go on where a strategy of the same key that was deleted left off.
_INSERT = """
WITH kept AS (
  INSERT INTO orchestrator_strategy AS kept
    (id, tenant_id, key, name, kind, configuration, version, active, created_at, updated_at)
  SELECT %(id)s::uuid, %(tenant)s::uuid, %(key)s::text, %(name)s, %(kind)s, %(configuration)s::jsonb,
    (SELECT coalesce(max(version), 0) + 1 FROM orchestrator_strategyversion
     WHERE tenant_id = %(tenant)s::uuid AND key = %(key)s::text),
    %(active)s, {at}, {at}
  ON CONFLICT (tenant_id, key) {otherwise}
  RETURNING tenant_id, key, version, name, kind, configuration, active, updated_at, xmax = 0 AS is_new
), versioned AS (
  INSERT INTO orchestrator_strategyversion
    (id, tenant_id, key, version, name, kind, configuration, active, actor, created_at)
  SELECT %(version_id)s, tenant_id, key, version, name, kind, configuration, active, %(actor)s, updated_at FROM kept
)
SELECT is_new FROM kept
"""
_SEED = _INSERT.format(at="now()", otherwise="DO NOTHING")
_SAVE = _INSERT.format(
    at="%(at)s",
    otherwise="""DO UPDATE SET name = excluded.name, kind = excluded.kind,
    configuration = excluded.configuration, active = excluded.active, version = kept.version + 1,
    updated_at = excluded.updated_at
  WHERE (kept.name, kept.kind, kept.configuration, kept.active)
    IS DISTINCT FROM (excluded.name, excluded.kind, excluded.configuration, excluded.active)""",
)


def _parameters(configured: Configured, *, tenant_id: UUID, actor: str) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "version_id": uuid7(),
        "tenant": tenant_id,
        "key": configured.key,
        "name": configured.name,
        "kind": configured.kind,
        "configuration": json.dumps(dict(configured.configuration)),
        "active": configured.active,
        "actor": actor,
    }


def _refuse_if_used(key: str, *, tenant_id: UUID) -> None:
    if key in strategies:
        return
    types = NotificationType.objects.filter(tenant_id=tenant_id, strategy=key).order_by("key")
    if named := list(types.values_list("key", flat=True)[:5]):
        raise StrategyInUse(f"'{key}' is the strategy of the types {', '.join(named)}; give them another one first")
    if StrategyDefault.objects.filter(tenant_id=tenant_id, strategy=key).exists():
        raise StrategyInUse(f"'{key}' is the default strategy; choose another one first")
    for experiment in Experiment.objects.filter(tenant_id=tenant_id, state=Experiment.State.RUNNING):
        if any(arm.strategy == key for arm in arms_in(experiment.arms)):
            raise StrategyInUse(f"the experiment '{experiment.key}' compares '{key}'; stop it first")
    if Notification.objects.filter(tenant_id=tenant_id, due_at__isnull=False, strategy=key).exists():
        raise StrategyInUse(f"accepted notifications that ask for '{key}' are not planned yet; wait or cancel them")
