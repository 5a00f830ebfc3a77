"""What floors above lend to preferences: the names of channels, and an ear for changed wishes."""

from collections.abc import Callable, Collection
from typing import Protocol
from uuid import UUID

ChannelNames = Callable[[], Collection[str]]


class Rethink(Protocol):
    """Called in the transaction that changes when recipients are to be disturbed; `None`: those of the whole tenant."""

    def __call__(self, *, tenant_id: UUID, recipient_ids: Collection[UUID] | None) -> None: ...


_sources: list[ChannelNames] = []
_listeners: list[Rethink] = []


def register_channels(names: ChannelNames) -> None:
    """Let `names()` tell channel keys; called once at start."""
    if names not in _sources:
        _sources.append(names)


def channel_names() -> tuple[str, ...]:
    """Every known channel, in the order they were told."""
    return tuple(dict.fromkeys(name for source in _sources for name in source()))


def register_rethink(rethink: Rethink) -> None:
    """Let `rethink` hear of changed quiet hours; called once at start."""
    if rethink not in _listeners:
        _listeners.append(rethink)


def quiet_hours_changed(*, tenant_id: UUID, recipient_ids: Collection[UUID] | None) -> None:
    """Tell whoever registered; `None`: it changed for every recipient of the tenant."""
    for rethink in _listeners:
        rethink(tenant_id=tenant_id, recipient_ids=recipient_ids)
