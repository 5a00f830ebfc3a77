"""Keep the notification types of a tenant."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from notifications.models import NotificationType
from notifications.rules.policy import policy_in
from notifications.selectors import types_of
from preferences.catalogue import quiet_hours_changed
from tenants.services import audit

ABOUT_WHEN = ("windows", "holidays", "quiet", "purpose")  # the parts of a policy that say when to send


def save_type(
    *, tenant_id: UUID, key: str, facts: Mapping[str, Any], actor: str, at: datetime
) -> tuple[NotificationType, bool]:
    """Create the type or say everything about it anew; `True` when it is new. In the caller's transaction.

    Notifications that were accepted before keep the defaults of their day, and heed its policy as it is now: what waits
    is looked at again when that says otherwise when to send.
    """
    before = policy_in(types_of(tenant_id).filter(key=key).values_list("policy", flat=True).first() or {})
    row, created = NotificationType.objects.update_or_create(tenant_id=tenant_id, key=key, defaults=facts)
    audit(tenant_id, actor=actor, action="type.saved", object=f"type:{key}", detail=facts, at=at)
    after = policy_in(row.policy)
    if any(getattr(before, part) != getattr(after, part) for part in ABOUT_WHEN):
        quiet_hours_changed(tenant_id=tenant_id, recipient_ids=None)
    return row, created


def delete_type(*, tenant_id: UUID, key: str, actor: str, at: datetime) -> bool:
    """Delete the type, not what was sent by it; `False` when there was none."""
    deleted, _ = types_of(tenant_id).filter(key=key).delete()
    if deleted:
        audit(tenant_id, actor=actor, action="type.deleted", object=f"type:{key}", at=at)
    return bool(deleted)
