"""How much a mail sink takes when nobody does anything but send: `python -m config.bench.sinks.pump`, told what to do.

Many whole mails in each write, without waiting for replies between them, which only our own sink puts up with.
"""

import asyncio
from typing import Any

import uvloop

from config.bench.bare.words import mail
from config.bench.letter import address
from config.bench.processes import answer, told

CONNECTIONS, AT_ONCE = 8, 50
_TAKEN = b"250 2.0.0 taken"


async def pump(host: str, port: int, size: int) -> None:
    """Send `size` mails."""
    each = -(-size // CONNECTIONS)
    await asyncio.gather(*(_line(host, port, each) for _ in range(CONNECTIONS)))


async def _line(host: str, port: int, size: int) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    await reader.readline()
    one = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n" + mail("pumped", address(0), 0) + b".\r\n"
    for start in range(0, size, AT_ONCE):
        count = min(AT_ONCE, size - start)
        writer.write(one * count)
        taken = 0
        while taken < count:
            said = await reader.readline()
            if not said:
                raise ConnectionError("the sink hung up")
            taken += said.startswith(_TAKEN)
    writer.close()


def main() -> None:
    task: dict[str, Any] = told()
    answer("ready")
    told()
    uvloop.run(pump(task["host"], task["port"], task["size"]))
    answer("done")


if __name__ == "__main__":
    main()
