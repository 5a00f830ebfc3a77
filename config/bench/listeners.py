"""`python -m config.bench.listeners`: very many clients of `/sse/inbox` in one process, who note when they see what.

Told `{"port", "tokens"}` they connect, each with one token, and say "ready". Told how many items there will be they
answer with one `[inbox, item, milliseconds since it was created]` for each that was seen.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import uvloop

from config.bench.processes import answer, told
from deploy.local.ports import HOST

AT_A_TIME = 100  # clients that are connecting
PATIENCE_SECONDS = 60.0  # without anything new
Seen = tuple[int, str, float]


def main() -> None:
    """Connect, listen, tell."""
    task = told()
    uvloop.run(_listen(int(task["port"]), task["tokens"]))


async def _listen(port: int, tokens: Sequence[str]) -> None:
    seen: asyncio.Queue[Seen] = asyncio.Queue()
    door = asyncio.Semaphore(AT_A_TIME)
    began = time.time()
    clients = [asyncio.create_task(_client(port, number, text, door, seen)) for number, text in enumerate(tokens)]
    for connected in asyncio.as_completed(clients):
        await connected
    listening = [asyncio.create_task(client.result()) for client in clients]
    answer("ready")
    wanted = int(await asyncio.to_thread(sys.stdin.readline))
    found: list[Seen] = []
    while len(found) < wanted and (one := await _next(seen)) is not None:
        if one[2] < (time.time() - began) * 1000:  # not one that was there before us
            found.append(one)
    answer(found)
    for reading in listening:
        reading.cancel()


async def _client(port: int, number: int, token: str, door: asyncio.Semaphore, seen: asyncio.Queue[Seen]) -> Any:
    """Connect; what is returned reads for ever."""
    async with door:
        reader, writer = await asyncio.open_connection(HOST, port)
        request = f"GET /sse/inbox HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n"
        writer.write(request.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if head[9:12] != b"200":
            raise RuntimeError(f"a stream was answered {head[9:12].decode()}")
        return _read(reader, writer, number, seen)


async def _read(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, seen: asyncio.Queue[Seen]
) -> None:
    try:
        while line := await reader.readline():
            if line.startswith(b"data: ") and (item := json.loads(line[6:]).get("item")):
                late = time.time() - datetime.fromisoformat(item["created_at"]).timestamp()
                seen.put_nowait((number, item["id"], late * 1000))
    finally:
        writer.close()


async def _next(seen: asyncio.Queue[Seen]) -> Seen | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await seen.get()
    except TimeoutError:
        return None


if __name__ == "__main__":
    main()
