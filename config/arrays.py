"""Lists as PostgreSQL arrays, written in one go where all items are of one plain kind.

psycopg writes a list item by item, with a dumper, a search and a substitution by regular expression for each; a batch
of the pipeline passes thousands of items a statement, and a third of a worker's time went there. What is written here
is what psycopg would write, but for quotes around texts that could do without; `tests/config/test_arrays.py` compares.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.array import ListDumper

_BETWEEN = "\x00"  # which no text of PostgreSQL may hold


class PlainListDumper(ListDumper):
    """Falls back on psycopg for whatever is not a flat list of one kind, `None` aside."""

    def dump(self, obj: list[Any]) -> bytes | bytearray | memoryview | None:
        kinds = set(map(type, obj))
        kinds.discard(type(None))
        write = _WRITERS.get(kinds.pop()) if len(kinds) == 1 else None
        items = write(obj) if write else None
        return super().dump(obj) if items is None else b"{%b}" % items.encode()


def use_plain_lists() -> None:
    """For all connections of this process that are made from now on."""
    psycopg.adapters.register_dumper(list, PlainListDumper)


def _texts(items: list[str | None]) -> str | None:
    """Each in quotes, whether it needs them or not: empty ones, `NULL` and those with blanks do."""
    texts = [item for item in items if item is not None]
    whole = _BETWEEN.join(texts)
    if whole.count(_BETWEEN) >= len(texts):
        return None  # psycopg has the words for a text with a zero in it
    if len(texts) == len(items):
        return '"' + _escaped(whole).replace(_BETWEEN, '","') + '"'
    return ",".join(["NULL" if item is None else f'"{_escaped(item)}"' for item in items])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _uuids(items: list[UUID | None]) -> str:
    return ",".join(["NULL" if item is None else f"{item.int:032x}" for item in items])


def _bytes(items: list[bytes | None]) -> str:
    return ",".join(["NULL" if item is None else f'"\\\\x{item.hex()}"' for item in items])


def _booleans(items: list[bool | None]) -> str:
    return ",".join(["NULL" if item is None else "t" if item else "f" for item in items])


def _numbers(items: list[int | None]) -> str:
    return ",".join(["NULL" if item is None else str(item) for item in items])


def _moments(items: list[datetime | None]) -> str:
    """Lines of one batch mostly have one moment."""
    words = {item: "NULL" if item is None else f'"{item}"' for item in set(items)}
    return ",".join([words[item] for item in items])


_WRITERS: dict[type, Callable[[list[Any]], str | None]] = {
    str: _texts,
    UUID: _uuids,
    bytes: _bytes,
    bool: _booleans,
    int: _numbers,
    datetime: _moments,
}
