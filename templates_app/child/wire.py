"""What a worker and its render children say to each other: a length and MessagePack, one answer per question."""

import socket
import struct
from typing import Any, NamedTuple

import msgspec

MOST_BYTES = 256 * 1024 * 1024
_HEAD = struct.Struct("!I")


class Ask(msgspec.Struct, array_like=True):
    """Texts to fill in. `sources` are (number, text, treatment, lenient) the child has not seen; `shared` are values
    that several contexts hold, by their place; `shapes` are the names of contexts; `contexts` are (shape, places in
    `shared`); `blanks` are (source, context). With `forget` the child drops all sources it knew.
    """

    forget: bool
    sources: list[tuple[int, str, str, bool]]
    shared: list[Any]
    shapes: list[tuple[str, ...]]
    contexts: list[tuple[int, list[int]]]
    blanks: list[tuple[int, int]]


class Failed(msgspec.Struct, array_like=True):
    """Why a text could not be filled in."""

    code: str
    message: str
    line: int


class Answer(msgspec.Struct, array_like=True):
    """One text or failure per blank. With `last` the child is worn out and goes."""

    filled: list[str | Failed]
    last: bool = False


class Hung(Exception):
    """The other end is gone, or says nothing for too long."""


class Fds(NamedTuple):
    """What the server hands over for a new child: its socket, and the place where it says what it is at."""

    line: int
    progress: int


def send(line: socket.socket, message: bytes) -> None:
    """Raises `Hung` when nobody listens."""
    try:
        line.sendall(_HEAD.pack(len(message)) + message)
    except OSError as trouble:
        raise Hung from trouble


def receive(line: socket.socket) -> bytes:
    """The next message. Raises `Hung` at the end, or when nothing comes in time."""
    (length,) = _HEAD.unpack(_exactly(line, _HEAD.size))
    if length > MOST_BYTES:
        raise Hung
    return _exactly(line, length)


def _exactly(line: socket.socket, length: int) -> bytes:
    pieces = bytearray()
    while len(pieces) < length:
        try:
            piece = line.recv(min(length - len(pieces), 1 << 20))
        except OSError as trouble:
            raise Hung from trouble
        if not piece:
            raise Hung
        pieces += piece
    return bytes(pieces)
