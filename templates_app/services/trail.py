"""Write down who changed words. What the platform's own people do is in the log alone: it has no tenant's trail."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tenants.services import audit

log = logging.getLogger(__name__)


def note(
    tenant_id: UUID | None,
    *,
    actor: str,
    action: str,
    object: str,
    detail: Mapping[str, Any] | None = None,
    at: datetime,
) -> None:
    """Add a line to the tenant's trail, in the transaction of what it tells."""
    if tenant_id is None:
        log.info(action, extra={"actor": actor, "object": object, **(detail or {})})
    else:
        audit(tenant_id, actor=actor, action=action, object=object, detail=detail, at=at)
