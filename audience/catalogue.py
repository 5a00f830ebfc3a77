"""What floors above lend the audience: an ear for what people do with their inbox."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID


class HearEngagement(Protocol):
    """Called in the transaction that notes it: what happened (`seen`, `read`), by item, whose id is its delivery's."""

    def __call__(self, proofs: Mapping[UUID, str], *, at: datetime) -> None: ...


_listeners: list[HearEngagement] = []


def register_engagement(hear: HearEngagement) -> None:
    """Let `hear` be told; called once at start."""
    if hear not in _listeners:
        _listeners.append(hear)


def engaged(proofs: Mapping[UUID, str], *, at: datetime) -> None:
    """Tell whoever registered."""
    for hear in _listeners:
        hear(proofs, at=at)
