"""Puts the sandbox together and runs it until it is told to stop."""

import asyncio
import json
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from channels_app.sandbox.api.desk import Reader
from channels_app.sandbox.ledger import Ledger
from channels_app.sandbox.lookup import Lookup
from channels_app.sandbox.protocols.base import Protocol
from channels_app.sandbox.reports import Reporter
from channels_app.sandbox.values import address
from channels_app.sandbox.web import make_app
from channels_app.sandbox.world import World

SHUTDOWN_SECONDS = 2.0  # for HTTP answers under way; they are short


async def serve(options: Namespace, *, protocols: Sequence[Protocol]) -> None:
    """Run until SIGTERM or SIGINT. Prints one line of JSON with all addresses once everything listens.

    Raises LedgerUnusable, or OSError when a port is taken.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as closing:
        ledger = Ledger(Path(options.state))
        closing.callback(ledger.close)
        reader = Reader(Lookup(ledger.path))
        closing.callback(reader.close)
        world = World(ledger, clock=lambda: datetime.now(UTC))
        addresses: dict[str, str] = {}
        for protocol in protocols:
            addresses |= await protocol.start(world, options=options)
            closing.push_async_callback(protocol.stop)
        reporter = Reporter(world, protocols)
        await reporter.start()
        closing.push_async_callback(reporter.stop)
        routes = [route for protocol in protocols for route in protocol.routes(world)]
        spoken = [{"channel": each.channel, "provider": each.key} for each in protocols if each.channel]
        app = make_app(
            world, reader=reader, reporter=reporter, addresses=addresses, spoken=spoken, protocol_routes=routes
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        closing.push_async_callback(runner.cleanup)
        addresses["http"] = await _listen(runner, options=options)
        _announce(addresses)
        await stop.wait()


async def _listen(runner: web.AppRunner, *, options: Namespace) -> str:
    await runner.setup()
    await web.TCPSite(runner, options.host, options.http_port, backlog=1024).start()
    host, port = runner.addresses[0][:2]
    return address(host, port)


def _announce(addresses: dict[str, str]) -> None:
    url = f"http://{addresses['http']}/sandbox/"
    sys.stdout.write(json.dumps({"ready": True, "pid": os.getpid(), "sandbox_url": url, **addresses}) + "\n")
    sys.stdout.flush()
