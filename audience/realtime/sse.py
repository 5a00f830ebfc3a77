"""`GET /sse/inbox`: server-sent events, for browsers' `EventSource` and for `curl -N`.

A bare ASGI application: Django's handler keeps a thread for every response that streams.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from django.db import DatabaseError, InterfaceError

from audience.metrics import REALTIME_CONNECTIONS
from audience.realtime.hub import hub
from audience.realtime.look import News
from audience.realtime.session import catch_up, headers_of, item_id, query_of, token_of
from audience.realtime.stream import TooSlow
from audience.tokens import BadToken, Token
from kernel.clock import now
from kernel.trace import request_id_from
from tenants.api.problems import CONTENT_TYPE, Problem, body_of, method_not_allowed, unauthorized, unavailable

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# Any page may ask: there are no cookies, only the token opens the stream.
_ANY_ORIGIN = (b"access-control-allow-origin", b"*")
_PREFLIGHT = (
    _ANY_ORIGIN,
    (b"access-control-allow-methods", b"GET"),
    (b"access-control-allow-headers", b"authorization, last-event-id"),
    (b"access-control-max-age", b"86400"),
)
_STREAM = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    _ANY_ORIGIN,
)
RETRY_MILLISECONDS = 3000
HEARTBEAT = b": heartbeat\n\n"

log = logging.getLogger(__name__)


async def inbox_events(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application of the route."""
    match scope["method"]:
        case "GET":
            await _until_gone(_answer(scope, send), receive)
        case "OPTIONS":
            await _respond(send, 204, headers=_PREFLIGHT)
        case method:
            await _refuse(scope, send, method_not_allowed(method, allowed=("GET", "OPTIONS")))


async def _until_gone(answer: Awaitable[None], receive: Receive) -> None:
    """Answer until the answer ends or the client is gone, whichever comes first."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    tasks = [asyncio.ensure_future(answer), asyncio.ensure_future(gone())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _answer(scope: Scope, send: Send) -> None:
    try:
        token = token_of(scope, at=now())
    except BadToken as bad:
        await _refuse(scope, send, unauthorized(f"{bad}.", error="invalid_token"))
        return
    try:
        await _stream(scope, send, token)
    except (DatabaseError, InterfaceError) as trouble:
        log.warning("realtime.database_out", extra={"trouble": type(trouble).__name__})
        await _refuse(scope, send, unavailable("The database does not answer at the moment; try again."))


async def _stream(scope: Scope, send: Send, token: Token) -> None:
    """Raises `DatabaseError` before the first byte only."""
    inbox = (token.tenant_id, token.recipient_id)
    last = headers_of(scope).get("last-event-id") or query_of(scope).get("last_event_id", "")
    async with hub().open(inbox) as stream:
        if not await catch_up(stream, after=item_id(last)):
            await _refuse(scope, send, unauthorized("The person is no longer there.", error="invalid_token"))
            return
        await send({"type": "http.response.start", "status": 200, "headers": list(_STREAM)})
        await _write(send, f"retry: {RETRY_MILLISECONDS}\n\n".encode())
        with REALTIME_CONNECTIONS.labels("sse").track_inprogress(), suppress(TooSlow):
            async for news in stream.told(seconds=token.seconds_left(now())):
                await _write(send, HEARTBEAT if news is None else _event(news))
    await send({"type": "http.response.body", "body": b""})


def _event(news: News) -> bytes:
    """New items carry an id, which browsers send back as `Last-Event-ID`; JSON has no line breaks of its own."""
    id = b"" if news.item_id is None else f"id: {news.item_id}\n".encode()
    return id + b"data: " + news.json + b"\n\n"


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _refuse(scope: Scope, send: Send, problem: Problem) -> None:
    """As the API says no."""
    request_id = request_id_from(headers_of(scope).get("x-request-id", ""))
    headers = {**problem.headers, "Content-Type": CONTENT_TYPE, "X-Request-ID": request_id}
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    body = msgspec.json.encode(body_of(problem, request_id=request_id))
    await _respond(send, problem.status, body=body, headers=(*pairs, _ANY_ORIGIN))


async def _respond(send: Send, status: int, *, body: bytes = b"", headers: tuple[tuple[bytes, bytes], ...]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})
