"""Keep the notification types of a tenant."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from notifications.models import NotificationType
from notifications.selectors import types_of
from tenants.services import audit


def save_type(
    *, tenant_id: UUID, key: str, facts: Mapping[str, Any], actor: str, at: datetime
) -> tuple[NotificationType, bool]:
    """Create the type or say everything about it anew; `True` when it is new. In the caller's transaction.

    Notifications that were accepted before keep the defaults of their day.
    """
    row, created = NotificationType.objects.update_or_create(tenant_id=tenant_id, key=key, defaults=facts)
    audit(tenant_id, actor=actor, action="type.saved", object=f"type:{key}", detail=facts, at=at)
    return row, created


def delete_type(*, tenant_id: UUID, key: str, actor: str, at: datetime) -> bool:
    """Delete the type, not what was sent by it; `False` when there was none."""
    deleted, _ = types_of(tenant_id).filter(key=key).delete()
    if deleted:
        audit(tenant_id, actor=actor, action="type.deleted", object=f"type:{key}", at=at)
    return bool(deleted)
