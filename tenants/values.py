"""Who is calling, and what a new key looks like."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request speaks for: `request.auth` of every tenant's route.

    `mode` is "live" or "test"; `scopes` holds what they imply too; `actor` names them in trails: `key:Ab12Cd34`.
    """

    tenant_id: UUID
    mode: str
    scopes: frozenset[str]
    actor: str

    def may(self, scope: str) -> bool:
        return scope in self.scopes


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key just made. `text` is the only copy of the secret there will ever be: show it once."""

    id: UUID
    text: str
    public_id: str
    mode: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
