"""Take single addresses out of use: disabled ones stay known, so that naming them again does not revive them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from audience.models import Endpoint


def disable_endpoints(*, ids: Sequence[UUID], reason: str, at: datetime) -> int:
    """Stop using these endpoints for a stable `reason` such as `invalid_address`; returns how many were in use."""
    return Endpoint.objects.filter(id__in=ids, disabled_at=None).update(
        disabled_at=at, disabled_reason=reason, updated_at=at
    )


def forget_endpoint(*, tenant_id: UUID, recipient_id: UUID, endpoint_id: UUID) -> bool:
    """Delete one endpoint of a person; `False` when they have no such one."""
    deleted, _ = Endpoint.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id, id=endpoint_id).delete()
    return bool(deleted)
