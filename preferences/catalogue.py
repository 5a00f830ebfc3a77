"""Which channels may be spoken of. A neighbour knows them, so a floor above registers the answer."""

from collections.abc import Callable, Collection

ChannelNames = Callable[[], Collection[str]]

_sources: list[ChannelNames] = []


def register_channels(names: ChannelNames) -> None:
    """Let `names()` tell channel keys; called once at start."""
    if names not in _sources:
        _sources.append(names)


def channel_names() -> tuple[str, ...]:
    """Every known channel, in the order they were told."""
    return tuple(dict.fromkeys(name for source in _sources for name in source()))
