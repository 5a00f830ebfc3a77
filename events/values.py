"""What the log carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A line to be written. `kind` is past tense and dotted (`delivery.moved`), `reason` a stable code or empty."""

    tenant_id: UUID
    kind: str
    at: datetime
    notification_id: UUID | None = None
    delivery_id: UUID | None = None
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    actor: str = ""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A line as its readers get it, in commit order."""

    id: UUID
    xid: int
    tenant_id: UUID
    kind: str
    at: datetime
    notification_id: UUID | None
    delivery_id: UUID | None
    reason: str
    detail: Mapping[str, Any]
    actor: str
