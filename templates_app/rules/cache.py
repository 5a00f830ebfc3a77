"""Parsed templates, kept by their text: the least recently used go when their texts fill the room."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")
Key = tuple[str, str]  # how it is treated, and its text


class SourceCache(Generic[V]):
    """Values by template text, bounded by the characters of all texts; a parsed one is some twenty times as big."""

    def __init__(self, *, room_chars: int) -> None:
        self._room = room_chars
        self._used = 0
        self._kept: OrderedDict[Key, V] = OrderedDict()
        self._lock = threading.Lock()

    def limit(self, room_chars: int) -> None:
        """From now on."""
        self._room = room_chars

    def get(self, key: Key, make: Callable[[], V]) -> V:
        """The value of `key`, made when it is not known. What `make` raises is not remembered."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._used += len(key[1])
            while self._used > self._room and len(self._kept) > 1:
                (_, text), _ = self._kept.popitem(last=False)
                self._used -= len(text)
        return made
