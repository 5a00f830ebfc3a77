"""How providers are spoken to, one file per protocol. A file here that defines `protocol` is part of the sandbox."""

import pkgutil
from importlib import import_module

from channels_app.sandbox.protocols.base import Protocol


class DuplicateProtocol(RuntimeError):
    """Two files claim the same key."""


def find_protocols() -> tuple[Protocol, ...]:
    """Every protocol of this folder, ordered by key. Raises DuplicateProtocol."""
    modules = (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    protocols: dict[str, Protocol] = {}
    for protocol in (module.protocol for module in modules if hasattr(module, "protocol")):
        if protocol.key in protocols:
            raise DuplicateProtocol(f"two protocols are called {protocol.key!r}; rename one")
        protocols[protocol.key] = protocol
    return tuple(protocols[key] for key in sorted(protocols))
