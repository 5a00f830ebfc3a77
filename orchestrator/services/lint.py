"""Look for what will probably not do what was meant: a strategy, with the types that would use it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings

from channels_app.registry import channels
from notifications.models import NotificationType
from notifications.rules.policy import policy_in
from orchestrator.rules.policy_lint import Finding, TypeInUse, lint
from orchestrator.selectors import default_now, orchestrations_now
from templates_app.selectors import offers

MOST_TYPES = 200


def linted(configuration: Mapping[str, Any], *, key: str, tenant_id: UUID) -> list[Finding]:
    """What looks wrong with a configuration without faults, kept under `key`; a constant number of statements."""
    return list(lint(configuration, types=_types(key, tenant_id=tenant_id), channels=channels.keys()))


def linted_type(row: NotificationType) -> list[Finding]:
    """What looks wrong with a type under the strategy that its messages have."""
    orchestration = orchestrations_now([row.tenant_id])[row.tenant_id]
    key = row.strategy or orchestration.default or settings.ORCHESTRATOR.default_strategy
    chosen = orchestration.strategies.get(key)
    if chosen is None:
        return []
    spoken = offers({(row.tenant_id, row.template)} if row.template else ())
    return list(lint(chosen.configuration, types=[_in_use(row, spoken)], channels=channels.keys()))


def _types(key: str, *, tenant_id: UUID) -> Sequence[TypeInUse]:
    """The types whose messages a strategy is for: those that name it, and as the default those that name none."""
    if not key:
        return ()
    asking = [key, ""] if (default_now(tenant_id) or settings.ORCHESTRATOR.default_strategy) == key else [key]
    rows = list(NotificationType.objects.filter(tenant_id=tenant_id, strategy__in=asking).order_by("key")[:MOST_TYPES])
    spoken = offers({(tenant_id, row.template) for row in rows if row.template})
    return [_in_use(row, spoken) for row in rows]


def _in_use(row: NotificationType, spoken: Mapping[tuple[UUID, str], Any]) -> TypeInUse:
    policy = policy_in(row.policy)
    offer = spoken.get((row.tenant_id, row.template)) if row.template else None
    return TypeInUse(
        key=row.key,
        category=row.category,
        purpose=policy.purpose,
        ttl_seconds=row.ttl_seconds,
        channels=tuple(row.channels),
        windows=policy.windows,
        digests=policy.digests,
        spoken=offer.channels() if offer else None,
    )
