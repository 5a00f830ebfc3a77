"""A mail server that costs little: `python -m config.bench.sinks.smtp PORT LEDGER`. It notes what is in Message-ID.

It reads as much of RFC 5321 as decent clients need, says PIPELINING, and judges nothing.
"""

import asyncio
import re
import sys
from pathlib import Path
from typing import cast

import uvloop

from config.bench.sinks.ledger import Writer
from deploy.local.ports import HOST

_END = b"\r\n.\r\n"
_GREETING = b"220 bench ESMTP\r\n"
_EXTENSIONS = b"250-bench\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 10485760\r\n"
_OK, _GO_ON, _TAKEN, _BYE = b"250 2.0.0 OK\r\n", b"354 go on\r\n", b"250 2.0.0 taken\r\n", b"221 2.0.0 bye\r\n"
_ID = re.compile(rb"(?im)^message-id:\s*<([^@>\r\n]*)")


class Mailbox(asyncio.Protocol):
    """One connection."""

    def __init__(self, ledger: Writer) -> None:
        self._ledger = ledger
        self._buffer = b""
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is none by inheritance
        self._transport.write(_GREETING)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        replies: list[bytes] = []
        while self._take_mail(replies) if self._in_mail else self._take_line(replies):
            pass
        if replies:
            self._transport.write(b"".join(replies))
        if _BYE in replies:
            self._transport.close()

    def _take_line(self, replies: list[bytes]) -> bool:
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return False
        self._buffer = rest
        match line[:4].upper():
            case b"EHLO":
                replies.append(_EXTENSIONS)
            case b"DATA":
                # The end of a mail without lines is found as well if the line end of DATA stays before it.
                self._buffer = b"\r\n" + rest
                self._in_mail = True
                replies.append(_GO_ON)
            case b"QUIT":
                replies.append(_BYE)
            case _:
                replies.append(_OK)
        return True

    def _take_mail(self, replies: list[bytes]) -> bool:
        end = self._buffer.find(_END)
        if end < 0:
            return False
        found = _ID.search(self._buffer, 0, end)
        self._ledger.note(found[1] if found else b"without-message-id")
        self._buffer = self._buffer[end + len(_END) :]
        self._in_mail = False
        replies.append(_TAKEN)
        return True


async def serve(port: int, ledger: Path) -> None:
    """Take mail until the process ends."""
    loop = asyncio.get_running_loop()
    writer = Writer(ledger, loop)
    server = await loop.create_server(lambda: Mailbox(writer), HOST, port, reuse_port=True, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
