"""Requests over kept connections: as fast as they are answered, or on a schedule that waits for nobody.

On a schedule a latency counts from the moment at which the request was due, so that a stall of the server is counted
for everybody who had to wait behind it.
"""

import asyncio
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import uvloop

from config.bench.values import Trouble
from deploy.local.ports import HOST

CONNECTIONS = 16
_LENGTH = re.compile(rb"(?im)^content-length:\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Request:
    """A POST, whole."""

    path: str
    body: Any  # bytes go as they are, everything else as JSON
    key: str = ""  # an API key
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """As it goes over the wire."""
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        allowed = f"Authorization: Bearer {self.key}\r\n" if self.key else ""
        others = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: {HOST}\r\n{allowed}{others}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a request. `due_at` is by the wall clock, in seconds."""

    due_at: float
    seconds: float
    body: Any


def flat_out(port: int, requests: Iterable[bytes], *, connections: int = CONNECTIONS) -> list[Answered]:
    """Each connection sends the next one when its last one is answered. Raises `Trouble` for anything but a success."""
    return uvloop.run(_flat_out(port, iter(requests), connections))


def on_schedule(
    port: int, requests: Sequence[bytes], *, per_second: float, connections: int = CONNECTIONS
) -> list[Answered]:
    """Each request is due at its own moment, whatever became of those before. Raises `Trouble` likewise."""
    return at_moments(port, requests, [number / per_second for number in range(len(requests))], connections=connections)


def at_moments(
    port: int, requests: Sequence[bytes], seconds: Sequence[float], *, connections: int = CONNECTIONS
) -> list[Answered]:
    """Each request is due so many seconds after the start, in their order. Raises `Trouble` likewise."""
    return uvloop.run(_at_moments(port, requests, seconds, connections))


async def _flat_out(port: int, waiting: Iterator[bytes], connections: int) -> list[Answered]:
    found: list[Answered] = []

    async def carry(line: _Line) -> None:
        while (request := next(waiting, None)) is not None:
            found.append(await line.ask(request, due_at=time.time()))

    await _with_lines(port, connections, carry)
    return found


async def _at_moments(
    port: int, requests: Sequence[bytes], seconds: Sequence[float], connections: int
) -> list[Answered]:
    found: list[Answered] = []
    waiting = iter(zip(seconds, requests, strict=True))
    start = time.time() + 0.1

    async def carry(line: _Line) -> None:
        for after, request in waiting:
            due_at = start + after
            await asyncio.sleep(max(due_at - time.time(), 0))
            found.append(await line.ask(request, due_at=due_at))

    await _with_lines(port, connections, carry)
    return found


async def _with_lines(port: int, connections: int, carry: Any) -> None:
    lines = [_Line(port) for _ in range(connections)]
    try:
        await asyncio.gather(*(carry(line) for line in lines))
    except (OSError, asyncio.IncompleteReadError) as trouble:
        raise Trouble(f"a request was not answered ({type(trouble).__name__})") from trouble
    finally:
        for line in lines:
            line.close()


class _Line:
    """A connection that is opened for its first request; one that was hung up while idle is opened again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._used_at = 0.0

    async def ask(self, request: bytes, *, due_at: float) -> Answered:
        if self._reader is None or self._writer is None or time.time() - self._used_at > 2:
            self.close()
            self._reader, self._writer = await asyncio.open_connection(HOST, self._port)
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        self._used_at = time.time()
        if head[9:10] != b"2":
            raise Trouble(f"a request was answered {head[9:12].decode()}: {body[:300].decode(errors='replace')}")
        if b"onnection: close" in head:
            self.close()
        return Answered(due_at, self._used_at - due_at, json.loads(body) if body else None)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
