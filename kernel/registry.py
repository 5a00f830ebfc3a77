"""An open list of named things (channels, providers, strategies): refuses duplicates, names what it knows."""

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import entry_points
from types import ModuleType
from typing import Generic, Protocol, TypeVar


class Keyed(Protocol):
    """Anything with a name to be found by."""

    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=Keyed)


class DuplicateKey(Exception):
    """Two things claim one name."""


class UnknownKey(LookupError):
    """Nothing of that name is registered."""


class Registry(Generic[T]):
    """Things by key, in the order they were registered."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._by_key: dict[str, T] = {}

    def register(self, item: T) -> T:
        """Add `item`; raises `DuplicateKey` when another one has its key. The same object twice is fine."""
        known = self._by_key.setdefault(item.key, item)
        if known is not item:
            raise DuplicateKey(f"{self.noun} '{item.key}' is registered twice: {known!r} and {item!r}")
        return item

    def get(self, key: str) -> T:
        """The thing called `key`; raises `UnknownKey`, whose message names the known ones."""
        try:
            return self._by_key[key]
        except KeyError:
            raise UnknownKey(f"no {self.noun} '{key}'; known: {', '.join(self._by_key)}") from None

    def keys(self) -> tuple[str, ...]:
        return tuple(self._by_key)

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterator[T]:
        return iter(tuple(self._by_key.values()))

    def __len__(self) -> int:
        return len(self._by_key)


def load_folder(package: ModuleType) -> None:
    """Import every module of a package, so that each registers itself."""
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
        importlib.import_module(f"{package.__name__}.{module.name}")


def load_entry_points(group: str) -> None:
    """Import what installed third-party packages offer under an entry-point group; importing registers."""
    for entry in entry_points(group=group):
        entry.load()
