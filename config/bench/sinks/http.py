"""An HTTP server that takes every POST after a while: `python -m config.bench.sinks.http PORT LEDGER SECONDS`.

It notes the header `webhook-id` (Standard Webhooks), answers with little JSON, and keeps connections.
"""

import asyncio
import re
import sys
from functools import partial
from pathlib import Path
from typing import cast

import uvloop

from config.bench.sinks.ledger import Writer
from deploy.local.ports import HOST

_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"ok": true}'
_LENGTH = re.compile(rb"(?im)^content-length:\s*(\d+)")
_ID = re.compile(rb"(?im)^webhook-id:\s*([^\r\n]*)")


class Door(asyncio.Protocol):
    """One connection. Requests that come together are answered in their order, each after the same while."""

    def __init__(self, ledger: Writer, *, seconds: float) -> None:
        self._ledger, self._seconds = ledger, seconds
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is none by inheritance

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head_end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._buffer, 0, head_end)
            end = head_end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < end:
                return
            found = _ID.search(self._buffer, 0, head_end)
            self._buffer = self._buffer[end:]
            asyncio.get_running_loop().call_later(self._seconds, partial(self._answer, found[1] if found else b"-"))

    def _answer(self, id: bytes) -> None:
        if not self._transport.is_closing():
            self._ledger.note(id)
            self._transport.write(_ANSWER)


async def serve(port: int, ledger: Path, seconds: float) -> None:
    """Answer until the process ends."""
    loop = asyncio.get_running_loop()
    writer = Writer(ledger, loop)
    server = await loop.create_server(lambda: Door(writer, seconds=seconds), HOST, port, reuse_port=True, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))
