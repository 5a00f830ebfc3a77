"""The channels and providers there are. Each registers itself when its file is imported; `load` imports them all.

Third parties offer theirs through the entry-point groups `carillon.channels` and `carillon.providers`.
"""

import importlib

from channels_app.contract import Channel, Provider
from kernel.registry import Registry, load_entry_points, load_folder

channels: Registry[Channel] = Registry("channel")
providers: Registry[type[Provider]] = Registry("provider")


def load() -> None:
    """Import every channel and provider, ours first. Doing it again changes nothing."""
    load_channels()
    _load("providers")


def load_channels() -> None:
    """Import every channel. They need no models, so whoever builds on the list of them can call this first."""
    _load("channels")


def _load(folder: str) -> None:
    load_folder(importlib.import_module(f"channels_app.{folder}"))
    load_entry_points(f"carillon.{folder}")


def providers_of(channel: str) -> tuple[type[Provider], ...]:
    """The providers of one channel, in the order of their names."""
    return tuple(sorted((found for found in providers if found.channel == channel), key=lambda found: found.key))
