"""What floors above lend the audience: ears for what people do with their inbox, and for changed clocks."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID


class HearEngagement(Protocol):
    """Called in the transaction that notes it: what happened (`seen`, `read`), by item, whose id is its delivery's."""

    def __call__(self, proofs: Mapping[UUID, str], *, at: datetime) -> None: ...


class HearClocks(Protocol):
    """Called in the transaction that gives recipients another time zone."""

    def __call__(self, *, tenant_id: UUID, recipient_ids: Collection[UUID]) -> None: ...


_listeners: list[HearEngagement] = []
_clockmakers: list[HearClocks] = []


def register_engagement(hear: HearEngagement) -> None:
    """Let `hear` be told; called once at start."""
    if hear not in _listeners:
        _listeners.append(hear)


def engaged(proofs: Mapping[UUID, str], *, at: datetime) -> None:
    """Tell whoever registered."""
    for hear in _listeners:
        hear(proofs, at=at)


def register_clocks(hear: HearClocks) -> None:
    """Let `hear` be told of changed time zones; called once at start."""
    if hear not in _clockmakers:
        _clockmakers.append(hear)


def clocks_changed(*, tenant_id: UUID, recipient_ids: Collection[UUID]) -> None:
    """Tell whoever registered."""
    for hear in _clockmakers:
        hear(tenant_id=tenant_id, recipient_ids=recipient_ids)
