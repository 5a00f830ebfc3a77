"""Tells the hooks what became of messages: picks due receipts out of the ledger and calls, signed by the protocol."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from datetime import timedelta

import aiohttp

from channels_app.sandbox.protocols.base import Protocol
from channels_app.sandbox.values import DueReport, OutgoingReport, microseconds
from channels_app.sandbox.world import World

AT_A_TIME = 16
CALL_SECONDS = 10.0
PAUSES_SECONDS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300)  # after as many failures; then it is given up

log = logging.getLogger(__name__)


class Reporter:
    """One task that sleeps until a receipt is due. What was on the list when the process died is told after a start."""

    def __init__(self, world: World, protocols: Iterable[Protocol]) -> None:
        self._world = world
        self._protocols = {protocol.key: protocol for protocol in protocols}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to report."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop; calls under way are cut and will be made again."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def reply(self, seq: int, text: str) -> bool | None:
        """Let the recipient of a message write back. Whether the hook took it; `None` when nobody can write back."""
        message = self._world.ledger.message(seq)
        protocol = self._protocols.get(message.provider) if message else None
        call = protocol.reply(message, text) if protocol and message else None
        if call is None:
            return None
        async with self._session() as session:
            return await _is_taken(session, call)

    async def _run(self) -> None:
        async with self._session() as session:
            while True:
                self._world.report_due.clear()
                due = self._world.ledger.due_reports(at=self._world.now(), limit=AT_A_TIME)
                if due:
                    await asyncio.gather(*(self._report(session, report) for report in due))
                else:
                    await self._rest()

    def _session(self) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        return aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())

    async def _rest(self) -> None:
        next_us = self._world.ledger.next_report_us()
        seconds = None if next_us is None else max(next_us - microseconds(self._world.now()), 0) / 1e6
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._world.report_due.wait(), seconds)

    async def _report(self, session: aiohttp.ClientSession, report: DueReport) -> None:
        protocol = self._protocols.get(report.message.provider)
        call = protocol.report(report.message, report.receipt) if protocol else None
        if call is None:
            self._world.ledger.end_report(report, state="not_reported")
            return
        if await _is_taken(session, call):
            self._world.ledger.end_report(report, state="reported")
        elif report.tries >= len(PAUSES_SECONDS):
            self._world.ledger.end_report(report, state="given_up")
        else:
            until = self._world.now() + timedelta(seconds=PAUSES_SECONDS[report.tries])
            self._world.ledger.put_off_report(report, until=until)


async def _is_taken(session: aiohttp.ClientSession, call: OutgoingReport) -> bool:
    try:
        async with session.post(call.url, data=call.body, headers=call.headers, allow_redirects=False) as answer:
            return answer.ok
    except (aiohttp.ClientError, TimeoutError, ValueError) as trouble:
        log.info("a hook could not be called: %s", type(trouble).__name__)
        return False
