"""Reads what came from outside into Structs; the only place where msgspec meets a type for the first time.

msgspec works a Struct's fields out when it first reads one, and other threads see the half of it meanwhile: two first
reads at once of a Struct within a Struct end the process with a segmentation fault (0.22.0, seen on 2026-11-22 and in
`tests/kernel/test_structs.py`). So a type is met under a lock, once, and read only after that.
"""

from threading import Lock
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def decoder(type_: type[T]) -> msgspec.json.Decoder[T]:
    """Reads JSON as `type_`; the same one for everybody. It raises `msgspec.DecodeError` and `ValidationError`."""
    found = _decoders.get(type_)
    if found is None:
        with _meeting:
            found = _decoders[type_] = msgspec.json.Decoder(type_)
    return found


def packed_decoder(type_: type[T]) -> msgspec.msgpack.Decoder[T]:
    """Reads MessagePack as `type_`; it raises `msgspec.DecodeError` and `ValidationError`."""
    with _meeting:
        return msgspec.msgpack.Decoder(type_)


def decode(data: bytes | str, type_: type[T]) -> T:
    """`data`, which is JSON, as `type_`. Raises `msgspec.DecodeError` and its `ValidationError`."""
    return decoder(type_).decode(data)


def convert(value: Any, type_: type[T], *, strict: bool = True) -> T:
    """`value`, made of what JSON has, as `type_`. Raises `msgspec.ValidationError`."""
    decoder(type_)
    return msgspec.convert(value, type_, strict=strict)


_meeting = Lock()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
