"""Mail for the upper bound: several connections at a time, each mail in one write (RFC 2920, read 2026-11)."""

import asyncio
from collections.abc import Iterator, Sequence
from uuid import UUID

from config.bench.bare.words import mail
from config.bench.letter import address

CONNECTIONS = 20
REPLIES = 3  # to MAIL, RCPT and DATA, before the mail itself

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Post:
    """Open connections to one server."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._lines: list[Line] = []

    async def open(self) -> None:
        """Connect and greet on all of them."""
        for _ in range(CONNECTIONS):
            reader, writer = await asyncio.open_connection(self._host, self._port)
            await reader.readline()
            writer.write(b"EHLO bench\r\n")
            while (await reader.readline())[3:4] == b"-":
                pass
            self._lines.append((reader, writer))

    async def send(self, batch: Sequence[tuple[UUID, int]]) -> None:
        """Hand over every mail. Raises RuntimeError when one is not taken."""
        waiting = iter(batch)
        await asyncio.gather(*(_carry(line, waiting) for line in self._lines))


async def _carry(line: Line, waiting: Iterator[tuple[UUID, int]]) -> None:
    reader, writer = line
    for delivery, number in waiting:
        to = address(number)
        writer.write(f"MAIL FROM:<shop@example.org>\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode())
        for _ in range(REPLIES):
            await reader.readline()
        writer.write(mail(str(delivery), to, number) + b".\r\n")
        said = await reader.readline()
        if not said.startswith(b"250"):
            raise RuntimeError(f"the sink said {said!r}")
