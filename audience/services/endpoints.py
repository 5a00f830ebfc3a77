"""Take single addresses out of use: disabled ones stay known, so that naming them again does not revive them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection

from audience.models import Endpoint

_DISABLE = """
UPDATE audience_endpoint SET disabled_at = %(at)s, disabled_reason = %(reason)s, updated_at = %(at)s
WHERE id = ANY (ARRAY(
  SELECT id FROM audience_endpoint WHERE id = ANY (%(ids)s) AND disabled_at IS NULL ORDER BY id FOR NO KEY UPDATE))
RETURNING id
"""


def disable_endpoints(*, ids: Iterable[UUID], reason: str, at: datetime) -> frozenset[UUID]:
    """Stop using these endpoints for a stable `reason` such as `invalid_address`; returns those that were in use."""
    with connection.cursor() as cursor:
        cursor.execute(_DISABLE, {"ids": sorted(set(ids)), "reason": reason, "at": at})
        return frozenset(id for (id,) in cursor.fetchall())


def forget_endpoint(*, tenant_id: UUID, recipient_id: UUID, endpoint_id: UUID) -> bool:
    """Delete one endpoint of a person; `False` when they have no such one."""
    deleted, _ = Endpoint.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id, id=endpoint_id).delete()
    return bool(deleted)
